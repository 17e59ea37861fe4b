import { expect, test } from 'vitest'
import type { FlowDocument } from './document'
import { readDocument } from './document'
import { isTrouble, layout, lines } from './layout'

const document = (metadata: object): FlowDocument =>
  readDocument({
    id: 'f',
    version: '1',
    blocks: [],
    document: {
      start: 'hello',
      blocks: [
        { id: 'hello', type: 'say', params: {}, edges: { next: 'bye', error: 'bye', hangup: 'nowhere' } },
        { id: 'bye', type: 'end' },
      ],
      metadata,
    },
  })

test('a document that places every block is taken at its word', () => {
  const places = { hello: { x: 1, y: 2 }, bye: { x: 3, y: 4 } }
  expect(Object.fromEntries(layout(document({ layout: places })))).toEqual(places)
})

test('otherwise blocks stand in the order of the way', () => {
  const places = layout(document({ layout: { hello: { x: 500, y: 0 } } }))
  expect(places.get('hello')?.y).toBeLessThan(places.get('bye')?.y ?? 0)
})

test('edges between the same two blocks are one line, and one into nothing is none', () => {
  const [line, ...others] = lines(document({}))
  expect(line).toMatchObject({ from: 'hello', to: 'bye', edges: ['next', 'error'] })
  expect(others).toEqual([])
  expect(line && isTrouble(line)).toBe(false)
})
