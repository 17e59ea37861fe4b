import { expect, test } from 'vitest'
import bicycle from '../../../../src/demo/bicycle-shop.json'
import { moveBlocks, removeBlocks } from './blocks'
import { count, difference, isSame } from './difference'
import { open } from './draft'
import { badges, fieldOf, placed, type Finding } from './findings'
import { specs } from './sample'

const shop = open(bicycle)

test('moving a block is no difference', () => {
  expect(isSame(difference(shop, moveBlocks(shop, new Map([['greeting', { x: 999, y: 9 }]]))))).toBe(true)
})

test('words are told per language, edges and rows one by one', () => {
  const block = (params: object, edges: object) => open({ blocks: [{ id: 'a', type: 'say', params, edges }] })
  const from = block({ prompt: { en: 'Hello', 'zh-CN': '好' }, options: [{ edge: 'a', key: '1' }] }, { next: 'x', error: 'y' })
  const to = block({ prompt: { en: 'Hi', 'zh-CN': '好' }, options: [{ edge: 'a', key: '2' }, { edge: 'b' }], resolves: true }, { next: 'z' })
  expect(difference(from, to).blocks).toEqual([
    {
      id: 'a',
      stands: 'changed',
      type: 'say',
      changes: [
        { path: 'options.1.key', was: '1', is: '2' },
        { path: 'options.2', was: undefined, is: { edge: 'b' } },
        { path: 'prompt.en', was: 'Hello', is: 'Hi' },
        { path: 'resolves', was: undefined, is: true },
        { path: '→.error', was: 'y', is: undefined },
        { path: '→.next', was: 'x', is: 'z' },
      ],
    },
  ])
})

test('blocks that came, went and changed are counted, and so is the flow itself', () => {
  const found = difference(shop, { ...removeBlocks(shop, ['repairs']), name: 'Other' })
  expect(count(found, 'removed')).toBe(1)
  expect(count(found, 'added')).toBe(0)
  expect(found.blocks.find(({ id }) => id === 'wants')?.changes).toEqual([{ path: '→.repair', was: 'repairs', is: undefined }])
  expect(found.flow).toEqual([{ path: 'name', was: 'Wobbly Wheel Cycles', is: 'Other' }])
})

const finding = (place: string, part: Partial<Finding> = {}): Finding => ({ severity: 'error', code: 'x', place, block: null, message: '', fix: '', ...part })

test('a finding keeps its block whatever happens to the order', () => {
  const checked = { blocks: [{ id: 'a' }, { id: 'b' }] }
  const found = placed([finding('/blocks/1/edges'), finding('/blocks/0/params/headers/a~1b'), finding('/person'), finding('', { block: 'a' }), finding('line 3, column 1')], checked)
  expect(found.map(({ block, path }) => [block, path])).toEqual([
    ['b', 'edges'],
    ['a', 'params/headers/a/b'],
    [null, 'person'],
    ['a', ''],
    [null, ''],
  ])
  expect([...badges([...found, finding('', { block: 'b', severity: 'warning' })])]).toEqual([
    ['b', { errors: 1, warnings: 1 }],
    ['a', { errors: 2, warnings: 0 }],
  ])
})

test('a missing field is gone to by its name', () => {
  const say = specs.find(({ name }) => name === 'say')
  const [missing] = placed([finding('/blocks/0/params', { code: 'missing_field', block: 'a' })], {})
  if (!missing) throw new Error('no finding')
  expect(fieldOf(missing, { id: 'a', type: 'say', params: {}, edges: {} }, say)).toBe('params/prompt')
})

test('an unwired edge is gone to by the name in its sentence', () => {
  const [unwired] = placed([finding('/blocks/0/edges', { code: 'unwired_edge', block: 'a', message: 'Block a has no edge for no_input.' })], {})
  if (!unwired) throw new Error('no finding')
  expect(fieldOf(unwired, undefined, undefined)).toBe('edges/no_input')
})
