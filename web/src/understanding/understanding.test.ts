import { describe, expect, test } from 'vitest'
import type { DraftView } from '../api/types'
import { count, rebase, toChange, withIntent, withOutOfScope, withTests, work } from './edits'
import { cut, detect, keyOf, mix, places, reworded, sort } from './lines'
import { comeAndGone, interval, nameFrom, pairs, shareValues, took } from './share'

test('what is pasted is cut into lines without the signs of a list', () => {
  const pasted = '- where is my order\r\n\n2. track it \n“when does it come”,\n「我的订单到哪里了」\n   \n•  it is late\n2 bikes'
  expect(cut(pasted)).toEqual(['where is my order', 'track it', 'when does it come', '我的订单到哪里了', 'it is late', '2 bikes'])
})

test.each([
  ['Where is my ORDER?', 'where is my order', true],
  ["I'm waiting", 'im waiting', true],
  ['我的订单,到哪里了?', '我的订单到哪里了', true],
  ['订单 发货了吗', '订单发货了吗', true],
  ['ABC', 'abc', true],
  ['my order', 'my orders', false],
  ['a b', 'ab', false],
])('%s and %s say the same: %s', (a, b, equal) => {
  expect(keyOf(a) === keyOf(b)).toBe(equal)
})

test('pasted lines are new, here already, an example of another intent, or too long', () => {
  const elsewhere = places([
    { name: 'hours', examples: [{ text: 'When are you open?' }] },
    { name: 'order', examples: [{ text: 'track it' }] },
  ])
  const pasted = ['Track it!', 'a new one', 'A NEW ONE', 'when are you open', '...', 'x'.repeat(1_001)].join('\n')
  expect(sort(pasted, [{ text: 'track it' }], elsewhere, 'order')).toEqual({
    fresh: ['a new one'],
    repeated: ['Track it!', 'A NEW ONE'],
    elsewhere: [{ text: 'when are you open', intents: ['hours'] }],
    long: ['x'.repeat(1_001)],
  })
})

test('languages are told from the script, or from what the line says of itself', () => {
  expect([detect('订单 please'), detect('Hello')]).toEqual(['zh-CN', 'en'])
  expect(mix([{ text: 'a' }, { text: '好' }, { text: 'OK', lang: 'zh-CN' }])).toEqual([
    ['en', 1],
    ['zh-CN', 2],
  ])
  expect(mix([])).toEqual([])
  expect(reworded({ text: 'OK', lang: 'zh-CN' }, 'OK then')).toEqual({ text: 'OK then', lang: 'zh-CN' })
  expect(reworded({ text: 'OK', lang: 'en' }, '好')).toEqual({ text: '好' })
})

test('shares stand with their number and interval', () => {
  const share = { right: 100, n: 120, from: 0.757, to: 0.889 }
  expect(interval(share, 'en')).toBe('76–89%')
  expect(shareValues(share, 'en')).toEqual({ share: '83%', n: '120', interval: '76–89%' })
  expect(shareValues({ right: 0, n: 0, from: 0, to: 1 }, 'zh-CN')).toEqual({ share: '0%', n: '0', interval: '0–100%' })
  expect([took(42.4, 'en'), took(1_240, 'en')]).toEqual(['42 ms', '1.2 s'])
})

test('a confusion stands once, whichever way round it was', () => {
  const found = pairs([
    { intent: 'b', taken_for: 'a', n: 2 },
    { intent: 'c', taken_for: 'd', n: 4 },
    { intent: 'a', taken_for: 'b', n: 3 },
  ])
  expect(found).toEqual([
    { intents: ['a', 'b'], n: [3, 2] },
    { intents: ['c', 'd'], n: [4, 0] },
  ])
})

test('names are made for flows; lines that came and went are counted', () => {
  expect([nameFrom(' My Order! '), nameFrom('礼品卡'), nameFrom('?!')]).toEqual(['my_order', '礼品卡', ''])
  expect(comeAndGone([{ text: 'a' }, { text: 'b' }], [{ text: 'b' }, { text: 'c' }, { text: 'd' }])).toEqual({ added: 2, removed: 1 })
  expect(comeAndGone([{ text: 'a', intent: null }], [{ text: 'a', intent: 'x' }])).toEqual({ added: 1, removed: 1 })
})

const lines = (...texts: string[]) => texts.map((text) => ({ text }))
const intent = (name: string, ...texts: string[]) => ({ name, label: {}, examples: lines(...texts) })
const draft = (revision: number, intents: DraftView['intents']): DraftView => ({
  revision,
  intents,
  out_of_scope: lines('sing a song'),
  tests: [],
  lists: [],
  changed: false,
})

describe('changes that are not saved', () => {
  const first = draft(7, [
    { ...intent('hours', 'open today'), origin: 'own' },
    { ...intent('order', 'track it'), origin: 'flow' },
  ])

  test("an intent of the flow becomes ours when it is changed, and the flow's again when it is as before", () => {
    const edits = withIntent(first, null, 'order', intent('order', 'track it', 'where is it'))
    expect(work(first, edits).intents.map(({ name, origin, edited }) => [name, origin, edited])).toEqual([
      ['hours', 'own', false],
      ['order', 'own', true],
    ])
    expect(edits && toChange(first, edits).intents.map(({ name }) => name)).toEqual(['hours', 'order'])
    expect(withIntent(first, edits, 'order', intent('order', 'track it'))).toBeNull()
  })

  test('only what is ours is sent, without lines that say nothing', () => {
    const edits = withOutOfScope(first, withIntent(first, null, 'refund', intent('refund', 'money back', '  ')), lines(' ', 'hi'))
    expect(count(edits)).toBe(2)
    expect(edits && toChange(first, edits)).toEqual({
      revision: 7,
      intents: [intent('hours', 'open today'), intent('refund', 'money back')],
      out_of_scope: lines('hi'),
      tests: [],
      lists: [],
    })
  })

  test('an intent that is new and removed again is no change', () => {
    const made = withIntent(first, null, 'refund', intent('refund', 'money back'))
    expect(withIntent(first, made, 'refund', null)).toBeNull()
  })

  test('what somebody else saved in the meantime and what was typed here are both there', () => {
    let edits = withIntent(first, null, 'hours', intent('hours', 'when do you close'))
    edits = withIntent(first, edits, 'order', intent('order', 'track it', 'is it sent'))
    edits = withTests(first, edits, [{ text: 'closed?', intent: 'hours' }])
    const theirs = draft(8, [
      { ...intent('hours', 'open today', 'open on Sunday'), label: { en: 'Hours' }, origin: 'own' },
      { ...intent('order', 'track it', 'Is it sent?', 'late'), origin: 'own' },
    ])
    const both = edits && rebase(edits, { ...theirs, tests: [{ text: 'open?', intent: 'hours' }] })
    expect(both?.revision).toBe(8)
    expect(both?.intents['hours']?.is).toEqual({ ...intent('hours', 'open on Sunday', 'when do you close'), label: { en: 'Hours' } })
    expect(both?.intents['order']).toBeUndefined()
    expect(both?.tests?.is.map(({ text }) => text)).toEqual(['open?', 'closed?'])
  })

  test('what they removed and was changed here is kept; what they gave back to the flow is not removed', () => {
    const changed = withIntent(first, null, 'hours', intent('hours', 'open today', 'closing time'))
    expect(changed && rebase(changed, draft(8, []))?.intents['hours']).toEqual({
      was: null,
      is: intent('hours', 'open today', 'closing time'),
    })
    const removed = withIntent(first, null, 'hours', null)
    expect(removed && rebase(removed, draft(8, [{ ...intent('hours', 'open'), origin: 'flow' }]))).toBeNull()
  })
})
