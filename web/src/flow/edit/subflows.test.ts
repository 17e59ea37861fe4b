import { expect, test } from 'vitest'
import type { BlockSpec } from '../document'
import { blocksOf, homeOf, homes, MAIN, only, returnsOf, startOf } from '../parts'
import { addBlock, beginAt, connect, disconnect, removeBlocks, renameBlock } from './blocks'
import { open, type Draft } from './draft'
import { editing, ready } from './editing'
import { portsOf } from './ports'
import { specs } from './sample'
import { addSubFlow, removeSubFlow, renameSubFlow, stay } from './subflows'
import { written } from './written'

const known = new Map(specs.map((spec) => [spec.name, spec]))
const spec = (name: string): BlockSpec => known.get(name) as BlockSpec

const document = {
  start: 'hello',
  person: 'people',
  sub_flows: [{ id: 'address', name: 'Check the address', start: 'ask' }],
  blocks: [
    { id: 'hello', type: 'say', edges: { next: 'check' } },
    { id: 'check', type: 'sub_flow', params: { flow: 'address' }, edges: { next: 'bye' } },
    { id: 'bye', type: 'end' },
    { id: 'people', type: 'to_queue' },
    { id: 'ask', type: 'say', edges: { next: 'back', error: 'wrong' } },
    { id: 'back', type: 'return' },
    { id: 'wrong', type: 'return', params: { edge: 'unknown' } },
    { id: 'lost', type: 'say', edges: { next: 'lost_too' } },
    { id: 'lost_too', type: 'say' },
  ],
  metadata: { belongs: { lost: 'address', ask: 'nowhere' } },
}
const draft = open(document)
const of = (now: Draft, home: string) => blocksOf(now, home).map(({ id }) => id)

test('blocks belong to what reaches them, and to where they were added as long as nothing does', () => {
  expect(of(draft, MAIN)).toEqual(['hello', 'check', 'bye', 'people'])
  expect(of(draft, 'address')).toEqual(['ask', 'back', 'wrong', 'lost', 'lost_too'])
  expect(only(draft, 'address').start).toBe('ask')
})

test('a block that two reach counts for the first, and every block for one', () => {
  const both = connect(draft, 'hello', 'error', 'ask')
  expect(homeOf(both, 'ask')).toBe(MAIN)
  expect([...homes(both).keys()].sort()).toEqual(draft.blocks.map(({ id }) => id).sort())
})

test('the ways out of a sub-flow are edges of the block that runs it', () => {
  expect(returnsOf(draft, 'address')).toEqual(['next', 'unknown'])
  const check = draft.blocks[1]
  const ports = check ? portsOf(check, spec('sub_flow'), draft) : []
  expect(ports.map(({ name, required }) => [name, required])).toEqual([
    ['next', true],
    ['unknown', true],
  ])
})

test('a new sub-flow begins with a return, and its id stays when it is renamed', () => {
  const made = addSubFlow(draft, 'Check it twice', known)
  expect(made.id).toBe('check_it_twice')
  expect(of(made.draft, made.id)).toEqual([startOf(made.draft, made.id)])
  const renamed = renameSubFlow(made.draft, made.id, ' Once ')
  expect(renamed.sub_flows.at(-1)).toMatchObject({ id: 'check_it_twice', name: 'Once' })
  expect(renameSubFlow(renamed, made.id, '  ')).toBe(renamed)
  expect(addSubFlow(made.draft, '检查', known).id).toBe('sub_flow')
})

test('a sub-flow goes with its blocks, and nothing names it any more', () => {
  const left = removeSubFlow(draft, 'address', known)
  expect(left.blocks.map(({ id }) => id)).toEqual(['hello', 'check', 'bye', 'people'])
  expect(left.blocks[1]?.params).toEqual({})
  expect(written(left)).not.toHaveProperty('sub_flows')
})

test('what is cut off stays in its part, what is new is in the open one', () => {
  const cut = stay(draft, disconnect(draft, 'ask', ['next']), MAIN)
  expect(homeOf(cut, 'back')).toBe('address')
  const added = addBlock(draft, spec('say'), { x: 0, y: 0 })
  expect(homeOf(stay(draft, added.draft, 'address'), added.id)).toBe('address')
  expect(homeOf(stay(draft, added.draft, MAIN), added.id)).toBe(MAIN)
})

test('the first block of a part that has none begins it', () => {
  const empty = stay(draft, removeBlocks(draft, of(draft, 'address')), 'address')
  expect(startOf(empty, 'address')).toBe('')
  const added = addBlock(empty, spec('say'), { x: 0, y: 0 })
  const begun = stay(empty, added.draft, 'address')
  expect([startOf(begun, 'address'), begun.start]).toEqual([added.id, 'hello'])
})

test('the first block of the main flow begins it, too, when only sub-flows are left', () => {
  const empty = stay(draft, removeBlocks(draft, of(draft, MAIN)), MAIN)
  expect(of(empty, 'address')).toEqual(of(draft, 'address'))
  const added = addBlock(empty, spec('say'), { x: 0, y: 0 })
  expect(stay(empty, added.draft, MAIN).start).toBe(added.id)
})

test('where a part begins follows a new name, and can be another block', () => {
  expect(startOf(renameBlock(draft, 'ask', 'ask_it'), 'address')).toBe('ask_it')
  expect(startOf(beginAt(draft, 'address', 'back'), 'address')).toBe('back')
})

test('only what edges do not say is written down', () => {
  expect(written(draft).metadata).toEqual({ belongs: { lost: 'address' } })
  expect(written(open(written(draft)))).toEqual(written(draft))
})

test('the canvas shows the part that is open, and goes where a block is', () => {
  const edit = editing(ready(document), known)
  const shown = () => edit.graph().nodes.map(({ id }) => id)
  expect(shown()).toEqual(of(draft, MAIN))
  edit.goTo('back', '')
  expect([edit.part(), shown()]).toEqual(['address', of(draft, 'address')])
  expect(edit.graph().nodes.find(({ id }) => id === 'ask')?.data.start).toBe(true)
  edit.enter(MAIN)
  edit.goTo(null, 'sub_flows/0/start')
  expect(edit.part()).toBe('address')
  edit.change((now) => removeSubFlow(now, 'address', known))
  expect(edit.part()).toBe(MAIN)
  edit.undo()
  edit.select(['wrong'])
  expect(edit.part()).toBe('address')
})
