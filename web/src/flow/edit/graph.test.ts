import { expect, test } from 'vitest'
import bicycle from '../../../../src/demo/bicycle-shop.json'
import type { BlockSpec } from '../document'
import { addAfter, renameBlock } from './blocks'
import { editing, ready } from './editing'
import { setParam } from './params'
import { specs as table } from './sample'

const specs = new Map<string, BlockSpec>(table.map((spec) => [spec.name, spec]))
const begun = () => editing(ready(bicycle), specs)

test('while one block is dragged, all others stay the same objects', () => {
  const shop = begun()
  const before = shop.graph()
  shop.drag(new Map([['goodbye', { x: 1, y: 1 }]]))
  const after = shop.graph()
  expect(after.nodes.filter((node, index) => node !== before.nodes[index]).map(({ id }) => id)).toEqual(['goodbye'])
  expect(after.nodes.find(({ id }) => id === 'goodbye')?.data).toBe(before.nodes.find(({ id }) => id === 'goodbye')?.data)
  shop.drop()
  expect(shop.draft().metadata.layout.goodbye).toEqual({ x: 1, y: 1 })
  shop.undo()
  expect(shop.graph().nodes.find(({ id }) => id === 'goodbye')?.position).toEqual(bicycle.metadata.layout.goodbye)
})

test('typing in a block draws that block only', () => {
  const shop = begun()
  const before = shop.graph()
  shop.change((draft) => setParam(draft, 'hours', 'prompt', { en: 'We are closed.' }, specs.get('say')), 'hours/prompt')
  const after = shop.graph()
  expect(after.nodes.filter((node, index) => node !== before.nodes[index]).map(({ id }) => id)).toEqual(['hours'])
  expect(after.ways).toEqual(before.ways)
  expect(after.ways.every((way, index) => way === before.ways[index])).toBe(true)
})

test('a selected block shows all of its edges, others only those that are open', () => {
  const shop = begun()
  const ports = (id: string) => shop.graph().nodes.find((node) => node.id === id)?.data.ports.map(({ name }) => name)
  expect(ports('greeting')).toEqual([])
  shop.select(['greeting'])
  expect(ports('greeting')).toEqual(['next', 'error', 'hangup'])
  shop.select(['greeting', 'hours'])
  expect(ports('greeting')).toEqual([])
})

test('what is selected and gone is not selected any more', () => {
  const shop = begun()
  shop.select(['hours', 'repairs'])
  shop.change((draft) => renameBlock(draft, 'hours', 'opening_times'))
  expect(shop.selected()).toEqual(['repairs'])
})

test('only changes of the person here are told', () => {
  const shop = begun()
  let told = 0
  shop.onChange(() => (told += 1))
  shop.select(['hours'])
  shop.restart(ready({}))
  expect(told).toBe(0)
  const say = specs.get('say') as BlockSpec
  shop.change((draft) => addAfter(draft, say, { x: 0, y: 0 }, { block: 'none' }, specs).draft)
  shop.undo()
  expect(told).toBe(2)
  expect(shop.canUndo()).toBe(false)
  expect(shop.canRedo()).toBe(true)
})

test('a flow that says nothing of places is arranged, and can be again', () => {
  const shop = editing(ready({ ...bicycle, metadata: {} }), specs)
  const { greeting, wants } = shop.draft().metadata.layout
  expect(greeting?.y).toBeLessThan(wants?.y ?? 0)
  shop.change((draft) => draft)
  expect(shop.canUndo()).toBe(false)
  shop.drag(new Map([['greeting', { x: 999, y: 999 }]]))
  shop.drop()
  shop.arrange()
  expect(shop.draft().metadata.layout.greeting).toEqual(greeting)
})
