import { describe, expect, test } from 'vitest'
import { expected, kept, languageOf, localTime, timeOf, trail, turns, withoutLast, type Act, type Played, type Step, type Waiting } from './call'

const meaning = { decision: 'accept', intent: 'order_status', ranking: [{ intent: 'order_status', confidence: 0.92 }] } as const
const steps: Step[] = [
  { at_ms: 0, kind: 'language', language: 'en' },
  { at_ms: 0, kind: 'entered', block: 'greeting', block_kind: 'say' },
  { at_ms: 0, kind: 'said', text: 'Hello.', language: 'en' },
  { at_ms: 400, kind: 'left', block: 'greeting', edge: 'next', to: 'need' },
  { at_ms: 400, kind: 'entered', block: 'need', block_kind: 'ask_intent' },
  { at_ms: 400, kind: 'said', text: 'How can I help?', language: 'en' },
  { at_ms: 2_900, kind: 'heard', text: 'where is my order', confidence: 0.9 },
  { at_ms: 2_900, kind: 'understood', block: 'need', meaning },
  { at_ms: 2_900, kind: 'left', block: 'need', edge: 'order_status', to: 'number' },
  { at_ms: 2_900, kind: 'entered', block: 'number', block_kind: 'collect' },
  { at_ms: 2_900, kind: 'said', text: 'Which order?', language: 'en' },
  { at_ms: 5_000, kind: 'keys', keys: '1042' },
  { at_ms: 5_000, kind: 'slot', block: 'number', name: 'order', value: '1042' },
]
const played = (waiting: Waiting | null, acts: Act[] = [{ hear: 'where is my order' }, { keys: '1042' }]): Played => ({
  test: { name: '', language: 'en', steps: acts },
  failures: [],
  steps,
  waiting,
})
const asks: Waiting = { for: 'caller', block: 'number', keys: true }

test('a turn is what the caller did, what was understood and said, and the way from there', () => {
  const [first, second, third, ...more] = turns(steps)
  expect(more).toEqual([])
  expect(first?.caller).toBeUndefined()
  expect(first?.notes.map(({ kind }) => kind)).toEqual(['said', 'said'])
  expect(first?.way).toEqual([
    { block: 'greeting', edge: undefined },
    { block: 'need', edge: 'next' },
  ])
  expect(second?.caller).toMatchObject({ kind: 'heard', text: 'where is my order' })
  expect(second?.notes.map(({ kind }) => kind)).toEqual(['understood', 'said'])
  expect(second?.way).toEqual([{ block: 'number', edge: 'order_status' }])
  expect(third?.caller).toMatchObject({ kind: 'keys', keys: '1042' })
  expect(third?.notes).toMatchObject([{ kind: 'slot', value: '1042' }])
  expect(third?.way).toEqual([])
  expect(turns([])).toEqual([])
})

test('the trail has the blocks and edges passed, and the block that waits as long as the call goes on', () => {
  const found = trail(played(asks))
  expect([...found.blocks]).toEqual(['greeting', 'need', 'number'])
  expect([...found.edges]).toEqual(['greeting next', 'need order_status'])
  expect(found.waits).toBe('number')
  expect(trail(played({ for: 'reply', method: 'GET', url: '/orders' })).waits).toBe('number')
  expect(trail(played({ for: 'over', outcome: 'resolved' })).waits).toBeUndefined()
  expect(trail(played(null)).waits).toBeUndefined()
})

describe('what a kept test expects', () => {
  test.each<[string, Waiting | null, unknown]>([
    ['how it ended', { for: 'over', outcome: 'resolved' }, { outcome: 'resolved' }],
    ['where the caller waits', { for: 'agent', queue: 'service' }, { queue: 'service' }],
    ['the block that asks', asks, { block: 'number' }],
    ['nothing before another service has answered', { for: 'reply', method: 'GET', url: '/' }, undefined],
    ['nothing of a call that could not begin', null, undefined],
  ])('%s', (_what, waiting, expectation) => {
    expect(expected(played(waiting))).toEqual(expectation)
  })

  test('the whole way of the last step, but not what came before news of an agent', () => {
    const way: Step[] = [
      { at_ms: 0, kind: 'heard', text: 'when are you open', confidence: 0.9 },
      { at_ms: 0, kind: 'entered', block: 'hours', block_kind: 'say' },
      { at_ms: 0, kind: 'entered', block: 'number', block_kind: 'collect' },
    ]
    const call = { ...played(asks, [{ hear: 'when are you open' }, { knowledge: {} }]), steps: [...steps, ...way] }
    expect(expected(call)).toEqual({ block: ['hours', 'number'] })
    expect(expected({ ...call, test: { ...call.test, steps: [{ agent: 'no_agents' }] } })).toEqual({ block: 'number' })
  })

  test('follows the steps of the call, which stay as they are', () => {
    const call = played(asks)
    const before = structuredClone(call)
    expect(kept(call, 'An order')).toEqual({
      name: 'An order',
      language: 'en',
      steps: [{ hear: 'where is my order' }, { keys: '1042' }, { expect: { block: 'number' } }],
    })
    expect(call).toEqual(before)
    expect(kept(played(null), 'An order')).toBeUndefined()
  })
})

test('one step back takes what the knowledge base answered with it', () => {
  const hear = { hear: 'do you fix tyres' }
  const told = { knowledge: { short: 'We do.' } }
  expect(withoutLast([])).toEqual([])
  expect(withoutLast([hear])).toEqual([])
  expect(withoutLast([hear, { keys: '1' }])).toEqual([hear])
  expect(withoutLast([{ keys: '1' }, hear, told, told])).toEqual([{ keys: '1' }])
  // Without a step of the caller's there is nothing to take back but the whole.
  expect(withoutLast([told])).toEqual([])
})

test('the language of a call is the last that it went on in', () => {
  expect(languageOf([])).toBeUndefined()
  expect(languageOf(steps)).toBe('en')
  expect(languageOf([...steps, { at_ms: 6_000, kind: 'language', language: 'zh-CN' }, { at_ms: 6_000, kind: 'entered', block: 'bye', block_kind: 'say' }])).toBe('zh-CN')
})

test('a kept test has what was heard of a voice', () => {
  const hear = { text: 'where is my order', confidence: 0.82, alternatives: ['wear is my order'] }
  expect(kept(played(asks, [{ hear }]), 'Spoken')?.steps).toEqual([{ hear }, { expect: { block: 'number' } }])
})

test('a time has its zone', () => {
  expect(timeOf(localTime(new Date(2026, 0, 5, 9, 7)), 'Europe/London')).toBe('2026-01-05T09:07[Europe/London]')
})
