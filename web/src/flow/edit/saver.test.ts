import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Failure } from '../../api/client'
import { saver } from './saver'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A service that keeps one document, and answers when told to. */
function setUp(answers: ('ok' | Error)[] = []) {
  const sent: [number, string][] = []
  const states: string[] = []
  const keeper = saver<string>(7, {
    send: async (revision, document) => {
      sent.push([revision, document])
      const answer = answers.shift() ?? 'ok'
      await new Promise((resolve) => setTimeout(resolve, 100))
      if (answer !== 'ok') throw answer
      return revision + 1
    },
    changed: () => states.push(keeper.state().is),
    afterMs: 1_000,
    againMs: 5_000,
  })
  return { keeper, sent, states }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

test('only the last of quick changes is sent', async () => {
  const { keeper, sent, states } = setUp()
  keeper.put('a')
  await pass(500)
  keeper.put('ab')
  await pass(999)
  expect(sent).toEqual([])
  await pass(200)
  expect(sent).toEqual([[7, 'ab']])
  expect(states.at(-1)).toBe('saved')
  expect(keeper.revision()).toBe(8)
})

test('what is typed while saving goes next, on the new revision', async () => {
  const { keeper, sent } = setUp()
  keeper.put('a')
  await pass(1_050)
  keeper.put('b')
  await pass(1_200)
  expect(sent).toEqual([[7, 'a'], [8, 'b']])
  expect(keeper.isSaved()).toBe(true)
})

test('when somebody else has saved, nothing more is sent and nothing is lost', async () => {
  const { keeper, sent } = setUp([new Failure(412, 'changed', '')])
  keeper.put('mine')
  await pass(1_200)
  expect(keeper.state().is).toBe('overtaken')
  keeper.put('mine again')
  await pass(60_000)
  expect(await keeper.flush()).toBe(false)
  expect(sent.length).toBe(1)
  keeper.rebase(12)
  keeper.put('mine after theirs')
  await pass(1_200)
  expect(sent.at(-1)).toEqual([12, 'mine after theirs'])
})

test('without the service it is tried again with the newest', async () => {
  const { keeper, sent } = setUp([new Failure(0, 'offline', '')])
  keeper.put('a')
  await pass(1_200)
  expect(keeper.state().is).toBe('failed')
  keeper.put('b')
  await pass(1_200)
  expect(sent.at(-1)).toEqual([7, 'b'])
  expect(keeper.isSaved()).toBe(true)
})

test('what the service refuses is not sent again by itself', async () => {
  const { keeper, sent } = setUp([new Failure(413, 'too_large', '')])
  keeper.put('huge')
  await pass(60_000)
  expect(sent.length).toBe(1)
  expect(keeper.state().is).toBe('failed')
})

test('saving at once waits for both what is under way and what came after', async () => {
  const { keeper, sent } = setUp()
  keeper.put('a')
  await pass(1_050)
  keeper.put('b')
  const done = keeper.flush()
  await pass(300)
  expect(await done).toBe(true)
  expect(sent.map(([, document]) => document)).toEqual(['a', 'b'])
})

test('an answer from before a new beginning is not heard', async () => {
  const { keeper } = setUp()
  keeper.put('a')
  await pass(1_050)
  keeper.rebase(20)
  await pass(500)
  expect(keeper.revision()).toBe(20)
})
