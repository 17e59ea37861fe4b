import { expect, test } from 'vitest'
import type { Entry } from '../api/types'
import { lastQuestion, storyOf } from './story'
import { read, withWrapUp, type WrapUp } from './wrapUps'

let seq = 0
const entry = (what: object): Entry => ({ seq: (seq += 1), at: seq * 1_000, ...what }) as Entry
const heard = (text: string, speaker = 'caller') => entry({ kind: 'heard', speaker, text, turn: 1 })
const understood = (decision: string, intent: string) => entry({ kind: 'understood', decision, ranking: [{ intent, confidence: 0.9 }] })

test('the story has what the caller wants, what they told last, and what was tried', () => {
  const story = storyOf([
    entry({ kind: 'said', text: 'Hello.' }),
    understood('accepted', 'order_status'),
    entry({ kind: 'slot', name: 'order', value: '1024' }),
    entry({ kind: 'slot', name: 'order', value: '1042' }),
    entry({ kind: 'no_match', count: 1 }),
    entry({ kind: 'no_match', count: 2 }),
    entry({ kind: 'fetched', status: 200 }),
    understood('rejected', 'refund'),
    entry({ kind: 'queued', queue: 'sales', brief: 'Wants order 1042.' }),
    entry({ kind: 'bridged', agent: '101', waited_ms: 9_000 }),
  ])
  expect(story).toMatchObject({
    intent: { name: 'order_status', confidence: 0.9 },
    slots: [{ name: 'order', value: '1042' }],
    brief: 'Wants order 1042.',
    queue: 'sales',
    waited_ms: 9_000,
    direct: false,
  })
  expect(story.tried.map((each) => [each.kind, 'count' in each ? each.count : undefined])).toEqual([
    ['no_match', 2],
    ['fetched', undefined],
  ])
})

test('a call from one phone to another has no story', () => {
  expect(storyOf([entry({ kind: 'offered' }), entry({ kind: 'bridged', agent: '101', waited_ms: 0 })])).toMatchObject({ direct: true, slots: [], tried: [] })
})

test('the last question is the caller’s, and more than a word', () => {
  expect(lastQuestion([heard('can I rent a bicycle'), heard('yes'), heard('let me look that up', 'agent')])).toBe('can I rent a bicycle')
  expect(lastQuestion([heard('我想退货')])).toBe('我想退货')
  expect(lastQuestion([heard('yes please')])).toBeUndefined()
})

const wrapUp = (call: string, ended_at: number): WrapUp => ({ call, party: '+49301', ended_at })

test('what is to be finished is kept for a week, and each call is finished once', () => {
  const now = 10 * 86_400_000
  const kept = JSON.stringify([wrapUp('old', 1), wrapUp('new', now - 5), { call: 7 }, null])
  expect(read(kept, now).map(({ call }) => call)).toEqual(['new'])
  expect([read('{', now), read(null, now), read('{}', now)]).toEqual([[], [], []])
  expect(withWrapUp([wrapUp('a', 1), wrapUp('b', 2)], wrapUp('a', 3))).toEqual([wrapUp('b', 2), wrapUp('a', 3)])
})
