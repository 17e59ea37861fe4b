import { expect, test } from 'vitest'
import type { FieldSpec } from '../document'
import { addBlock } from './blocks'
import { days, isDay, isTime } from './calendar'
import { open } from './draft'
import { brought, edgeNotes, portsOf } from './ports'
import { rowInWords } from './rows'
import { specs } from './sample'

const column = (name: string, kind: string): FieldSpec => ({ name, type: { kind }, required: false, help_en: '', help_zh: '' })

test.each([
  [['mon', 'tue', 'wed', 'thu', 'fri'], 'Mon – Fri'],
  [['mon', 'tue', 'sun'], 'Mon, Tue, Sun'],
  [['sat', 'sun', 'fri', 'mon'], 'Mon, Fri – Sun'],
  [[], ''],
  [['someday'], ''],
])('days in a row are told by the first and the last: %j', (chosen, told) => {
  expect(days(chosen, 'en-GB')).toBe(told)
})

test.each([
  ['09:00', true],
  ['23:59', true],
  ['24:00', false],
  ['9:00', false],
  ['09:60', false],
])('a time of day: %s', (text, is) => {
  expect(isTime(text)).toBe(is)
})

test.each([
  ['2026-12-25', true],
  ['2028-02-29', true],
  ['2026-02-29', false],
  ['2026-13-01', false],
  ['26-12-25', false],
])('a day: %s', (text, is) => {
  expect(isDay(text)).toBe(is)
})

test.each([
  [{ days: ['mon', 'tue', 'wed'], from: '09:00', to: '17:30' }, [column('days', 'weekdays'), column('from', 'time'), column('to', 'time')], 'Mon – Wed · 09:00 – 17:30'],
  [{ date: '2026-12-24', until: '2026-12-26', name: 'Christmas' }, [column('date', 'date'), column('until', 'date'), column('name', 'template')], 'Thu 24 Dec 2026 – Sat 26 Dec 2026 · Christmas'],
  [{ edge: 'new', percent: 30 }, [column('edge', 'edge'), column('percent', 'integer')], 'new · 30 %'],
  [{ label: { en: 'orders', 'zh-CN': '订单' } }, [column('label', 'texts')], 'orders'],
  [{}, [column('name', 'name')], ''],
])('a row is told in a line', (row, columns, told) => {
  expect(rowInWords(row, columns, 'en-GB').replaceAll(',', '')).toBe(told)
})

const kind = (name: string) => specs.find((spec) => spec.name === name)

test('edges say how many callers go that way', () => {
  const block = { id: 'split', type: 'split', params: { ways: [{ edge: 'new', percent: 30 }, { edge: 'old', percent: 70 }, { edge: 'open' }, 'broken'] }, edges: {} }
  expect([...edgeNotes(block, kind('split'))]).toEqual([
    ['new', '30 %'],
    ['old', '70 %'],
  ])
  expect(portsOf(block, kind('split'), open({})).map(({ name, note }) => [name, note])).toEqual([
    ['new', '30 %'],
    ['old', '70 %'],
    ['open', ''],
  ])
})

test('a new block begins with the hours of the example, but with no words of it', () => {
  const [hours, split] = [kind('hours'), kind('split')]
  if (!hours || !split) throw new Error('not in the sample')
  const added = addBlock(open({}), hours, { x: 0, y: 0 })
  expect(added.draft.blocks[0]?.params).toEqual({ weekly: [{ days: ['mon', 'tue'], from: '09:00', to: '17:30' }] })
  expect(addBlock(open({}), split, { x: 0, y: 0 }).draft.blocks[0]?.params).toEqual({})
})

test('intents that are left out are all of them, unless the registry says otherwise', () => {
  const draft = open({ intents: [{ name: 'refund' }] })
  const field = (part: Partial<FieldSpec>): FieldSpec => ({ ...column('intents', 'intents'), ...part })
  expect(brought(field({}), undefined, draft)).toEqual(['refund'])
  expect(brought(field({ default: '[]' }), undefined, draft)).toEqual([])
})
