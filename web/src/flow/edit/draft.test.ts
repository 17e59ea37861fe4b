import { expect, test } from 'vitest'
import bicycle from '../../../../src/demo/bicycle-shop.json'
import { freeName, open } from './draft'
import { written } from './written'

test('the example is written as it was read, letter for letter', () => {
  expect(JSON.stringify(written(open(bicycle)), null, 2)).toBe(JSON.stringify(bicycle, null, 2))
})

test('blocks are written by id, members by name, nothing empty', () => {
  const text = JSON.stringify(
    written(
      open({
        note: 'ours',
        blocks: [
          { id: 'b', type: 'end', params: {}, edges: {} },
          { id: 'a', type: 'say', edges: { next: 'b', error: 'b' }, params: { resolves: true, prompt: { 'zh-CN': '好', en: 'Yes' } } },
        ],
        start: 'a',
        languages: ['en'],
        id: 'f',
        intents: [],
        metadata: { layout: { b: { x: 1.4, y: 2 }, gone: { x: 0, y: 0 }, a: { x: 0, y: 0 } } },
      }),
    ),
  )
  expect(text).toBe(
    '{"schema_version":1,"id":"f","name":"","languages":["en"],"start":"a","blocks":[' +
      '{"id":"a","type":"say","params":{"prompt":{"en":"Yes","zh-CN":"好"},"resolves":true},"edges":{"error":"b","next":"b"}},' +
      '{"id":"b","type":"end"}],"metadata":{"layout":{"a":{"x":0,"y":0},"b":{"x":1,"y":2}}},"note":"ours"}',
  )
})

test.each([
  ['nothing', {}],
  ['no object', []],
  ['blocks that are none', { blocks: [1, null, 'x', { id: 3 }], metadata: { layout: { a: null, b: { x: 'left' } } } }],
])('a half-done draft can be opened: %s', (_what, document) => {
  const draft = open(document)
  expect(draft.start).toBe('')
  expect(draft.metadata.layout).toEqual({})
  expect(draft.blocks.map(({ params, edges }) => [params, edges])).toEqual(draft.blocks.map(() => [{}, {}]))
})

test('two blocks of one name are told apart', () => {
  expect(open({ blocks: [{ id: 'say' }, { id: 'say' }, { id: 'say' }] }).blocks.map(({ id }) => id)).toEqual(['say', 'say_2', 'say_3'])
  expect(freeName('say_2', new Set(['say', 'say_2']))).toBe('say_3')
})

test('what this page does not know is kept', () => {
  const document = { ...bicycle, x_team: { owner: 'shop' }, metadata: { ...bicycle.metadata, colour: 'red' } }
  expect(written(open(document))).toMatchObject({ x_team: { owner: 'shop' }, metadata: { colour: 'red' } })
})
