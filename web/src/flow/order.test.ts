import { expect, test } from 'vitest'
import { readDocument } from './document'
import { inOrder, waysOf } from './order'
import { MAIN } from './parts'

const flow = readDocument({
  id: 'f',
  version: '1',
  blocks: [],
  document: {
    start: 'hello',
    hangup: 'gone',
    sub_flows: [{ id: 'part', name: 'Part', start: 'ask' }],
    blocks: [
      { id: 'gone', type: 'end' },
      { id: 'people', type: 'to_queue' },
      { id: 'ask', type: 'return' },
      { id: 'bye', type: 'end', edges: { next: 'hello' } },
      { id: 'lost', type: 'say' },
      { id: 'wants', type: 'menu', edges: { orders: 'bye', again: 'hello', nowhere: 'nothing' } },
      { id: 'hello', type: 'say', edges: { error: 'people', next: 'wants' } },
    ],
  },
})

test('blocks come as the way goes, each once, and what goes wrong comes after', () => {
  expect(inOrder(flow, MAIN).map(({ id }) => id)).toEqual(['hello', 'wants', 'bye', 'people', 'gone', 'lost'])
})

test('a sub-flow is a list of its own', () => {
  expect(inOrder(flow, 'part').map(({ id }) => id)).toEqual(['ask'])
})

test('edges that go wrong stand behind the others', () => {
  expect(waysOf({ edges: { error: 'a', timeout: 'b', next: 'c', yes: 'd' } }).map(([edge]) => edge)).toEqual(['next', 'yes', 'error', 'timeout'])
})
