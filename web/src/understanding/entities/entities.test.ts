import { describe, expect, test } from 'vitest'
import type { DraftView, EntityList, EntityValue } from '../../api/types'
import { count, newKey, rebase, toChange, withList, work } from '../edits'
import { faultsOf, nameFault, refusal } from './faults'
import { difference, freeName, isName } from './list'
import { lay, read } from './paste'
import { marked, wanted, written } from './slots'

const entry = (value: string, en?: string, ...phrases: string[]): EntityValue => ({
  value,
  ...(en !== undefined && { label: { en } }),
  ...(phrases.length > 0 && { phrases: { en: phrases } }),
})
const row = (line: number, value: string, label: Record<string, string> = {}, phrases: Record<string, string[]> = {}) => ({ line, value, label, phrases })

describe('names', () => {
  test.each([
    ['Café crème', 'cafe_creme'],
    ['A city bike!', 'a_city_bike'],
    ['city bike', 'city_bike_2'],
    ['城市车', 'bikes_1'],
    ['28 inch', 'bikes_28_inch'],
    ['x'.repeat(80), 'x'.repeat(64)],
  ])('%s is kept as %s', (text, name) => {
    expect(freeName(text, 'bikes', new Set(['city_bike']))).toBe(name)
    expect(isName(name)).toBe(true)
  })
})

describe('what is pasted', () => {
  test.each([
    ['a value, a label and phrases', 'city; a city bike; town bike, 城市自行车', row(1, 'city', { en: 'a city bike' }, { en: ['town bike'], 'zh-CN': ['城市自行车'] })],
    ['a label and phrases', 'City bike; town bike, urban bike', row(1, '', { en: 'City bike' }, { en: ['town bike', 'urban bike'] })],
    ['a plain label with the sign of a list', '- 城市车', row(1, '', { 'zh-CN': '城市车' })],
    ['full-width signs', 'city;城市车;通勤车、代步车', row(1, 'city', { 'zh-CN': '城市车' }, { 'zh-CN': ['通勤车', '代步车'] })],
    ['cells of a spreadsheet', 'city\ta city bike\ttown bike', row(1, 'city', { en: 'a city bike' }, { en: ['town bike'] })],
  ])('%s', (_, pasted, expected) => {
    expect(read(pasted)).toEqual({ rows: [expected], table: false })
  })

  test.each([['\t'], [','], [';']])('a table with a header, parted by %j', (delimiter) => {
    const lines = [
      ['Value', 'Label (en)', 'label_zh', 'Phrases EN', 'Remarks'],
      ['city', '"a ""city"" bike"', '城市车', `"town bike|urban bike"`, 'x'],
      ['', '', '', '', ''],
    ]
    expect(read(`\uFEFF${lines.map((cells) => cells.join(delimiter)).join('\r\n')}`)).toEqual({
      rows: [row(2, 'city', { en: 'a "city" bike', 'zh-CN': '城市车' }, { en: ['town bike', 'urban bike'] })],
      table: true,
    })
  })

  test('a sentence with a comma is no table', () => {
    expect(read('the name, please').rows).toEqual([row(1, '', { en: 'the name, please' })])
  })

  test('it is new, adds words to what is there, repeats, or is shared', () => {
    const there = [entry('city', 'a city bike', 'town bike'), entry('road')]
    const laid = lay(read('city; ; commuter\nA city bike\nRoad bike; racing bike\nmtb; mountain bike; racing bike\n1a; x').rows, 'bikes', there)
    expect([...laid.grown]).toEqual([[0, { value: 'city', label: { en: 'a city bike' }, phrases: { en: ['town bike', 'commuter'] } }]])
    expect(laid.fresh.map(({ value }) => value)).toEqual(['road_bike', 'mtb', 'bikes_1a'])
    expect(laid).toMatchObject({ repeated: 1, shared: [{ line: 4, text: 'racing bike', with: 'road_bike' }] })
  })

  test('a value that cannot be kept is renamed; what is too long or too much is said', () => {
    const many = Array.from({ length: 101 }, (_, n) => `p${n}`).join('|')
    const laid = lay(read(`value,label,phrases\ncity bike,City,\nlong,L,${'x'.repeat(201)}\nmany,M,${many}`).rows, 'bikes', [])
    expect(laid).toMatchObject({ renamed: [{ line: 2, from: 'city bike', to: 'city_bike' }], long: [3], many: [4] })
    expect(laid.fresh).toEqual([
      { value: 'city_bike', label: { en: 'City' }, phrases: {} },
      { value: 'long', label: { en: 'L' }, phrases: {} },
    ])
  })
})

test('what is wrong with entries is told at its place', () => {
  const found = faultsOf([
    entry('city', 'City bike'),
    entry('city', 'other'),
    entry('a b', 'one'),
    entry('', 'two'),
    entry(''),
    entry('town', 'x', 'CITY bike!'),
    entry('long', 'y'.repeat(201)),
    entry('fine', 'three'),
  ])
  expect(Object.fromEntries(found)).toEqual({
    0: { value: 'twice', shared: { text: 'City bike', at: 5 } },
    1: { value: 'twice' },
    2: { value: 'bad' },
    3: { value: 'missing' },
    5: { shared: { text: 'CITY bike!', at: 0 } },
    6: { long: 'y'.repeat(201) },
  })
  expect(refusal([{ name: 'ok', values: [entry('a', 'same'), entry('b', 'same')] }])).toBeUndefined()
  expect(refusal([{ name: 'ok', values: [entry('a b')] }])).toEqual({ kind: 'entry', list: 'ok', at: 0, value: 'a b' })
  expect(refusal([{ name: 'big', values: Array.from({ length: 10_001 }, (_, n) => entry(`v${n}`)) }])).toEqual({ kind: 'entries' })
  expect([nameFault('bikes', [{ name: 'bikes' }]), nameFault('1', []), nameFault('bikes', [])]).toEqual(['twice', 'bad', undefined])
})

describe('changes that are not saved', () => {
  const list = (name: string, ...values: EntityValue[]): EntityList => ({ name, values })
  const draft = (revision: number, ...lists: EntityList[]): DraftView => ({ revision, intents: [], out_of_scope: [], tests: [], lists, changed: false })
  const first = draft(3, list('bikes', entry('city', 'a city bike'), entry('road')))

  test('a list is added, renamed, and is no change when it is as before', () => {
    const key = newKey(null)
    const edits = withList(first, null, key, list('shops', entry('north'), entry('')))
    expect(newKey(edits)).not.toBe(key)
    expect(work(first, edits).lists.map(({ name, edited }) => [name, edited])).toEqual([['bikes', false], ['shops', true]])
    expect(edits && toChange(first, edits).lists).toEqual([first.lists[0], list('shops', entry('north'))])
    const renamed = withList(first, edits, 'bikes', list('cycles', ...(first.lists[0]?.values ?? [])))
    expect([count(renamed), work(first, renamed).lists.map(({ key: one, name }) => [one, name])]).toEqual([2, [['bikes', 'cycles'], [key, 'shops']]])
    expect(withList(first, withList(first, renamed, key, null), 'bikes', { ...first.lists[0], name: 'bikes', values: [entry('city', 'a city bike'), { value: 'road', phrases: {}, label: { en: '' } }] })).toBeNull()
  })

  test('what somebody else saved and what was typed here are both there', () => {
    const mine = withList(first, null, 'bikes', list('cycles', entry('city', 'City!'), entry('mtb')))
    const theirs = draft(4, list('bikes', { value: 'city', label: { en: 'a city bike', 'zh-CN': '城市车' }, phrases: { en: ['town'] } }, entry('road'), entry('cargo')))
    const after = mine && rebase(mine, theirs)
    expect(after && work(theirs, after).lists).toMatchObject([
      { key: 'bikes', name: 'cycles', values: [{ value: 'city', label: { en: 'City!', 'zh-CN': '城市车' }, phrases: { en: ['town'] } }, entry('cargo'), entry('mtb')] },
    ])
  })

  test('a list that is new on both sides is one; one that both removed is no change', () => {
    const made = withList(first, null, '+1', list('shops', entry('north')))
    const theirs = draft(4, ...first.lists, list('shops', entry('south')))
    expect(made && rebase(made, theirs)?.lists?.['shops']?.is?.values.map(({ value }) => value)).toEqual(['south', 'north'])
    const removed = withList(first, null, 'bikes', null)
    expect(removed && rebase(removed, draft(4))).toBeNull()
  })
})

test('entries that came, went and are different are told apart', () => {
  expect(difference([entry('a', 'A'), entry('b', 'B'), entry('c')], [entry('a', 'A'), entry('b', 'B', 'bee'), entry('d')])).toEqual({ added: ['d'], removed: ['c'], changed: ['b'] })
})

test('only what can be found is asked for', () => {
  expect(wanted(['list:bikes', 'list:new', 'date', 'code'], new Set(['bikes']), '')).toEqual([
    { name: 'list:bikes', kind: 'list', list: 'bikes' },
    { name: 'date', kind: 'date' },
  ])
  expect(wanted(['code'], new Set(), 'AA99')).toEqual([{ name: 'code', kind: 'code', form: 'AA99' }])
})

test.each([
  [{ type: 'quantity', amount: '0.5', unit: 'kg', approximate: true }, '≈ 0.5 kg'],
  [{ type: 'money', amount: '12.50' }, '12.50'],
  [{ type: 'date_range', from: '2026-12-01', to: '2026-12-03' }, '2026-12-01 – 2026-12-03'],
  [{ type: 'phone', number: '+442079460958', valid: true }, '+442079460958'],
  [{ type: 'item', id: 'city' }, 'city'],
  [{ type: 'time', time: '15:30:00' }, '15:30:00'],
  [{ type: 'new_kind', x: 1 }, '{"x":1}'],
])('%j is written %s', (value, text) => {
  expect(written(value)).toBe(text)
})

test('what was found is marked in the text', () => {
  expect(marked('The Town bike at three', [{ text: 'at three' }, { text: 'town bike' }, { text: 'gone' }])).toEqual([
    { text: 'The ', found: false },
    { text: 'Town bike', found: true },
    { text: ' ', found: false },
    { text: 'at three', found: true },
  ])
})
