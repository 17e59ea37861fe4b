import { afterEach, expect, test, vi } from 'vitest'
import { open } from './draft'

const asked: { document: unknown; calls: number; answer: (value: unknown) => void; refuse: (error: unknown) => void }[] = []
vi.mock('./api', () => ({
  replay: (document: unknown, calls: number, signal: AbortSignal) =>
    new Promise((answer, refuse) => {
      asked.push({ document, calls, answer, refuse })
      signal.addEventListener('abort', () => refuse(new Error('aborted')))
    }),
}))
const { painted, parting, partings, replays, toldApart } = await import('./replay')

afterEach(() => void asked.splice(0))

const way = (path: string[], part: object = {}) => ({ path, slots: {}, queue: null, outcome: null, ...part })

test.each([
  [['a', 'b', 'c'], ['a', 'b', 'd'], 2],
  [['a', 'b'], ['a', 'b', 'c'], 2],
  [['a'], ['b'], 0],
  [[], ['b'], 0],
  [['a', 'b'], ['a', 'b'], 2],
])('two ways part at the first step that is another: %j, %j', (before, after, at) => {
  expect(parting(before, after)).toBe(at)
})

test('blocks and lines are on one of the ways or on both', () => {
  const { blocks, lines } = painted({ before: way(['a', 'b', 'c', 'b']), after: way(['a', 'b', 'd']) })
  expect(Object.fromEntries(blocks)).toEqual({ a: 'both', b: 'both', c: 'before', d: 'after' })
  expect(Object.fromEntries(lines)).toEqual({ 'a b': 'both', 'b c': 'before', 'c b': 'before', 'b d': 'after' })
})

test('values that only one of the ways has are told, too', () => {
  const before = way([], { slots: { number: '1042', list: [1] }, outcome: 'resolved' })
  const after = way([], { slots: { number: '7', why: 'late' }, queue: 'service' })
  expect(toldApart({ before, after })).toEqual([
    { name: ':outcome', before: 'resolved', after: null },
    { name: ':queue', before: null, after: 'service' },
    { name: 'list', before: '[1]', after: null },
    { name: 'number', before: '1042', after: '7' },
    { name: 'why', before: null, after: 'late' },
  ])
})

test('where most part comes first', () => {
  const at = (where: string | null) => ({ call: '', at: 0, status: 'moved' as const, where, why: '', before: way([]), after: way([]) })
  expect(partings([at('b'), at('a'), at(null), at('b'), at('c')])).toEqual([
    { where: 'b', count: 2 },
    { where: 'a', count: 1 },
    { where: 'c', count: 1 },
  ])
})

test('only the last run counts, and what it was run with is kept', async () => {
  let draft = open({ blocks: [{ id: 'a', type: 'end' }] })
  const found = replays(() => draft)
  const first = found.run(10)
  draft = open({ blocks: [{ id: 'b', type: 'end' }] })
  const second = found.run(20)
  asked[1]?.answer({ calls: 20 })
  await Promise.all([first, second])
  expect(asked.map(({ calls }) => calls)).toEqual([10, 20])
  expect(found.state()).toMatchObject({ busy: false, error: undefined, found: { calls: 20 } })
  expect(found.state().blocks).toBe(draft.blocks)
})

test('a run that fails says so and keeps what was found before; one that is stopped says nothing', async () => {
  const found = replays(() => open({}))
  const first = found.run(1)
  asked[0]?.answer({ calls: 1 })
  await first
  const second = found.run(2)
  asked[1]?.refuse(new Error('no calls'))
  await second
  expect(found.state()).toMatchObject({ busy: false, error: new Error('no calls'), found: { calls: 1 } })
  const third = found.run(3)
  found.stop()
  await third
  expect(found.state()).toMatchObject({ busy: false, error: undefined, found: { calls: 1 } })
})
