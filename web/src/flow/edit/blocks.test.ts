import { expect, test } from 'vitest'
import { readSpecs, type BlockSpec } from '../document'
import { addAfter, addBlock, connect, disconnect, duplicate, land, moveBlocks, nameFrom, removeBlocks, renameBlock } from './blocks'
import { copy, paste, readClip } from './clip'
import { blockOf, open } from './draft'
import { written } from './written'
import { setParam } from './params'
import { isOpen, portsOf } from './ports'
import { specs as table } from './sample'

const specs = new Map<string, BlockSpec>(table.map((spec) => [spec.name, spec]))
const spec = (name: string) => specs.get(name) as BlockSpec

const flow = () =>
  open({
    id: 'shop',
    languages: ['en'],
    start: 'hello',
    person: 'desk',
    hangup: 'bye',
    intents: [{ name: 'order' }, { name: 'refund' }],
    queues: [{ id: 'service', name: 'Service' }],
    blocks: [
      { id: 'hello', type: 'say', edges: { next: 'ask' } },
      { id: 'ask', type: 'ask_intent', edges: { order: 'bye', refund: 'desk', no_input: 'hello' } },
      { id: 'desk', type: 'to_queue', params: { queue: 'service' }, edges: { timeout: 'bye' } },
      { id: 'bye', type: 'end' },
    ],
    metadata: { layout: { hello: { x: 0, y: 0 }, ask: { x: 0, y: 140 } } },
  })

/** Freezes all the way down, so that an operation that changes what it was given fails. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

test('a new block has a free name and a place, and nothing that is as usual', () => {
  const { draft, id } = addBlock(frozen(flow()), spec('say'), { x: 5, y: 6 })
  expect(id).toBe('say')
  expect(blockOf(draft, 'say')).toEqual({ id: 'say', type: 'say', params: {}, edges: {} })
  expect(draft.metadata.layout.say).toEqual({ x: 5, y: 6 })
  expect(addBlock(draft, spec('say'), { x: 0, y: 0 }).id).toBe('say_2')
})

test('the first block is where calls begin; the only queue is taken', () => {
  expect(addBlock(open({}), spec('say'), { x: 0, y: 0 }).draft.start).toBe('say')
  const { draft, id } = addBlock(flow(), spec('to_queue'), { x: 0, y: 0 })
  expect(blockOf(draft, id)?.params).toEqual({ queue: 'service' })
})

test('a block added after another is wired to its first open edge, or to the one named', () => {
  const at = { x: 0, y: 0 }
  const first = addAfter(frozen(flow()), spec('say'), at, { block: 'ask' }, specs)
  expect(blockOf(first.draft, 'ask')?.edges.no_match).toBe(first.id)
  const named = addAfter(flow(), spec('say'), at, { block: 'ask', edge: 'rejected' }, specs)
  expect(blockOf(named.draft, 'ask')?.edges.rejected).toBe(named.id)
  const nothingOpen = addAfter(flow(), spec('say'), at, { block: 'bye' }, specs)
  expect(blockOf(nothingOpen.draft, 'bye')?.edges).toEqual({})
})

test('a renamed block keeps its edges, its place and what it is for', () => {
  const draft = renameBlock(renameBlock(frozen(flow()), 'hello', 'welcome'), 'bye', 'end_here')
  expect(draft).toMatchObject({ start: 'welcome', person: 'desk', hangup: 'end_here' })
  expect(blockOf(draft, 'ask')?.edges).toEqual({ order: 'end_here', refund: 'desk', no_input: 'welcome' })
  expect(draft.metadata.layout).toEqual({ welcome: { x: 0, y: 0 }, ask: { x: 0, y: 140 } })
})

test.each(['desk', '', 'Hello there', '1st'])('a name that is taken or none changes nothing: %j', (name) => {
  const draft = flow()
  expect(renameBlock(draft, 'hello', name)).toBe(draft)
})

test.each([
  ['Ask order!', 'ask_order'],
  ['  2nd try ', 'nd_try'],
  ['already_fine', 'already_fine'],
  ['订单', ''],
])('what is typed becomes a name: %j', (typed, name) => expect(nameFrom(typed)).toBe(name))

test('edges to a removed block go with it, and so does what it was for', () => {
  const draft = removeBlocks(frozen(flow()), ['hello', 'desk'])
  expect(draft.blocks.map(({ id }) => id)).toEqual(['ask', 'bye'])
  expect(blockOf(draft, 'ask')?.edges).toEqual({ order: 'bye' })
  expect(draft).toMatchObject({ start: '', hangup: 'bye' })
  expect(written(draft)).not.toHaveProperty('person')
  expect(draft.metadata.layout).toEqual({ ask: { x: 0, y: 140 } })
})

test('an edge is connected, led elsewhere and taken away', () => {
  const draft = connect(frozen(flow()), 'desk', 'no_agents', 'bye')
  expect(blockOf(draft, 'desk')?.edges).toEqual({ timeout: 'bye', no_agents: 'bye' })
  expect(connect(draft, 'desk', 'no_agents', 'bye')).toBe(draft)
  expect(connect(draft, 'desk', 'no_agents', 'nowhere')).toBe(draft)
  expect(blockOf(disconnect(frozen(draft), 'desk', ['timeout', 'no_agents']), 'desk')?.edges).toEqual({})
})

test('moving keeps whole numbers; standing still is no change', () => {
  const draft = frozen(flow())
  expect(moveBlocks(draft, new Map([['hello', { x: 0.2, y: 0 }]]))).toBe(draft)
  expect(moveBlocks(draft, new Map([['bye', { x: 10.6, y: 3 }]])).metadata.layout.bye).toEqual({ x: 11, y: 3 })
})

test('copies lead among themselves and otherwise where their originals led', () => {
  const { draft, ids } = duplicate(frozen(flow()), ['hello', 'ask'], { hello: { x: 0, y: 0 }, ask: { x: 0, y: 140 } })
  expect(ids).toEqual(['hello_2', 'ask_2'])
  expect(blockOf(draft, 'hello_2')?.edges).toEqual({ next: 'ask_2' })
  expect(blockOf(draft, 'ask_2')?.edges).toEqual({ order: 'bye', refund: 'desk', no_input: 'hello_2' })
  expect(draft.metadata.layout.ask_2).toEqual({ x: 44, y: 184 })
})

test('blocks go through the clipboard into another flow with what they need', () => {
  const clip = readClip(JSON.stringify(copy(flow(), ['ask', 'desk'], { ask: { x: 100, y: 100 }, desk: { x: 100, y: 240 } })))
  if (!clip) throw new Error('no clip')
  const other = open({ id: 'clinic', intents: [{ name: 'refund', label: { en: 'money back' } }], blocks: [{ id: 'bye', type: 'end' }, { id: 'ask', type: 'say' }] })
  const { draft, ids } = paste(frozen(other), clip, { x: 0, y: 0 })
  expect(ids).toEqual(['ask_2', 'desk'])
  // `bye` is another block there.
  expect(blockOf(draft, 'ask_2')?.edges).toEqual({ refund: 'desk' })
  expect(draft.intents).toEqual([{ name: 'refund', label: { en: 'money back' } }, { name: 'order' }])
  expect(draft.queues).toEqual([{ id: 'service', name: 'Service' }])
  expect(draft.metadata.layout).toEqual({ ask_2: { x: 0, y: 0 }, desk: { x: 0, y: 140 } })
})

test.each(['', 'hello', '{}', '{"hotline":"blocks"}', '[1]'])('what is no clip is nothing: %j', (text) => expect(readClip(text)).toBeUndefined())

test('the ports of a block are its choices, what its kind has, and what is wired to nothing it has', () => {
  const block = { id: 'a', type: 'ask_intent', params: { keys: [{ key: '0', edge: 'desk' }] }, edges: { desk: 'x', gone: 'y' } }
  const ports = portsOf(block, spec('ask_intent'), flow())
  expect(ports.map(({ name }) => name)).toEqual(['order', 'refund', 'desk', 'no_input', 'no_match', 'rejected', 'low_confidence', 'error', 'hangup', 'agent', 'gone'])
  expect(ports.filter(isOpen).map(({ name }) => name)).toEqual(['order', 'refund', 'no_input', 'no_match', 'low_confidence'])
  expect(ports.filter(({ unknown }) => unknown).map(({ name }) => name)).toEqual(['gone'])
})

const menu = (options: unknown[], edges: Record<string, string>) =>
  open({ blocks: [{ id: 'm', type: 'menu', params: { options }, edges }, { id: 'x', type: 'end' }] })

test('an edge that is renamed in a row keeps its target, one that is removed loses it', () => {
  const draft = frozen(menu([{ edge: 'yes' }, { edge: 'no' }], { yes: 'x', no: 'x', no_input: 'x' }))
  const edges = (options: unknown) => blockOf(setParam(draft, 'm', 'options', options, spec('menu')), 'm')?.edges
  expect(edges([{ edge: 'sure' }, { edge: 'no' }])).toEqual({ sure: 'x', no: 'x', no_input: 'x' })
  expect(edges([{ edge: 'no' }])).toEqual({ no: 'x', no_input: 'x' })
  expect(edges([{ edge: 'no' }, { edge: 'yes' }])).toEqual({ yes: 'x', no: 'x', no_input: 'x' })
  expect(edges([{ edge: 'no_input' }])).toEqual({ no_input: 'x' })
  expect(edges(undefined)).toEqual({ no_input: 'x' })
})

test('a parameter that is as it was is no change; one that is removed is gone', () => {
  const draft = frozen(flow())
  expect(setParam(draft, 'desk', 'queue', 'service', spec('to_queue'))).toBe(draft)
  expect(blockOf(setParam(draft, 'desk', 'queue', undefined, spec('to_queue')), 'desk')?.params).toEqual({})
})

test('the roles of blocks can be given and taken', () => {
  expect(land(flow(), 'start', 'ask').start).toBe('ask')
  expect(written(land(flow(), 'person', undefined))).not.toHaveProperty('person')
})

test('the registry of the service is read as it is', () => {
  expect([...readSpecs({ id: '', version: '', document: {}, blocks: table as never }).keys()]).toContain('menu')
})
