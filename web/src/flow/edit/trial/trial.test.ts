import { expect, test } from 'vitest'
import { open } from '../draft'
import type { Act, Played, Test, Trail } from './call'
import { trial } from './trial'

const draft = open({ id: 'shop', blocks: [{ id: 'menu', type: 'menu' }] })
const played = (asked: Test): Played => ({
  test: asked,
  failures: [],
  steps: [{ at_ms: 0, kind: 'entered', block: 'menu', block_kind: 'menu' }],
  waiting: { for: 'caller', block: 'menu', keys: true },
})

function begun() {
  const asked: (readonly Act[])[] = []
  const replies: ((fails?: Error) => void)[] = []
  let lit: Trail | undefined
  const call = trial({ draft: () => draft, light: (where) => (lit = where) }, (_document, sent) => {
    asked.push(sent.steps)
    return new Promise((done, fail) => replies.push((error) => (error ? fail(error) : done(played(sent)))))
  })
  return { call, asked, replies, lit: () => lit }
}

test('each step is played with all before it, and lights the way; one step back leaves the last out', async () => {
  const { call, asked, replies, lit } = begun()
  const done = async (work: Promise<boolean>) => {
    replies.at(-1)?.()
    return work
  }
  expect(await done(call.begin({ language: 'en' }))).toBe(true)
  await done(call.act({ hear: 'hello' }))
  await done(call.act({ keys: '1' }))
  expect(lit()?.waits).toBe('menu')
  await done(call.back())
  expect(asked).toEqual([[], [{ hear: 'hello' }], [{ hear: 'hello' }, { keys: '1' }], [{ hear: 'hello' }]])
  expect(call.state().played?.test.language).toBe('en')
  call.leave()
  expect(lit()).toBeUndefined()
})

test('a step that fails is not kept, and what comes late is not shown', async () => {
  const { call, asked, replies } = begun()
  const first = call.begin({})
  replies[0]?.()
  await first
  const failing = call.act({ hear: 'lost' })
  replies[1]?.(new Error('offline'))
  expect(await failing).toBe(false)
  expect(call.state()).toMatchObject({ busy: false, error: new Error('offline') })
  const slow = call.act({ hear: 'slow' })
  const again = call.begin({})
  replies[3]?.()
  replies[2]?.()
  expect(await Promise.all([slow, again])).toEqual([false, true])
  expect(asked.at(2)).toEqual([{ hear: 'slow' }])
  expect(call.state()).toMatchObject({ busy: false, error: undefined, played: { test: { steps: [] } } })
})
