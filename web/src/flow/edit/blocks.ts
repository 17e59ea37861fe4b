/** What can be done to the blocks of a draft. Every operation gives another draft and leaves the one before as it was. */
import type { Block, BlockSpec, FieldSpec, Position } from '../document'
import { MAIN } from '../parts'
import { blockOf, freeName, namesOf, type Draft, type Layout } from './draft'
import { isOpen, portsOf } from './ports'

export const isName = (text: string): boolean => /^[a-z][a-z0-9_]{0,63}$/.test(text)

/** What somebody types as a name, as near to one as it can be: `Ask order!` → `ask_order`. */
export const nameFrom = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^[_0-9]+|_+$/g, '')
    .slice(0, 64)

export const withBlocks = (draft: Draft, blocks: readonly Block[]): Draft => ({ ...draft, blocks })

export const withLayout = (draft: Draft, layout: Layout): Draft => ({ ...draft, metadata: { ...draft.metadata, layout } })

export function withBlock(draft: Draft, id: string, change: (block: Block) => Block): Draft {
  const blocks = draft.blocks.map((block) => (block.id === id ? change(block) : block))
  return blocks.every((block, index) => block === draft.blocks[index]) ? draft : withBlocks(draft, blocks)
}

/** Cells that hold for any business until somebody changes them, unlike words and conditions. */
const PLAIN = new Set(['weekdays', 'time', 'integer', 'share', 'flag', 'edge', 'key'])

/** What a field of a new block begins with: the only thing that it can hold, or the registry's example of a table of plain cells. */
function begun({ type, required, example }: FieldSpec, draft: Draft): unknown {
  if (!required) return undefined
  const [queue, ...queues] = draft.queues
  const [part, ...parts] = draft.sub_flows
  if (type.kind === 'queue') return queues.length === 0 ? queue?.id : undefined
  if (type.kind === 'sub_flow') return parts.length === 0 ? part?.id : undefined
  if (type.kind !== 'rows' || example === undefined || !type.columns?.every((column) => PLAIN.has(column.type.kind))) return undefined
  try {
    return JSON.parse(example) as unknown
  } catch {
    return undefined
  }
}

const firstParams = (spec: BlockSpec, draft: Draft): Record<string, unknown> =>
  Object.fromEntries(spec.fields.map((field): [string, unknown] => [field.name, begun(field, draft)]).filter(([, value]) => value !== undefined))

/** Adds a block of a kind; the first of a flow is where calls begin. */
export function addBlock(draft: Draft, spec: BlockSpec, at: Position): { draft: Draft; id: string } {
  const id = freeName(spec.name, namesOf(draft))
  const block: Block = { id, type: spec.name, params: firstParams(spec, draft), edges: {} }
  const start = draft.blocks.length === 0 ? id : draft.start
  const added = withBlocks({ ...draft, start }, [...draft.blocks, block])
  return { draft: withLayout(added, { ...draft.metadata.layout, [id]: at }), id }
}

export function connect(draft: Draft, from: string, edge: string, to: string): Draft {
  if (!blockOf(draft, to)) return draft
  return withBlock(draft, from, (block) => (block.edges[edge] === to ? block : { ...block, edges: { ...block.edges, [edge]: to } }))
}

export function disconnect(draft: Draft, from: string, edges: readonly string[]): Draft {
  return withBlock(draft, from, (block) => {
    const kept = Object.entries(block.edges).filter(([edge]) => !edges.includes(edge))
    return kept.length === Object.keys(block.edges).length ? block : { ...block, edges: Object.fromEntries(kept) }
  })
}

/** Adds a block behind another one and wires it to an edge: the one named, otherwise the first that must lead somewhere. */
export function addAfter(
  draft: Draft,
  spec: BlockSpec,
  at: Position,
  from: { block: string; edge?: string },
  specs: ReadonlyMap<string, BlockSpec>,
): { draft: Draft; id: string } {
  const added = addBlock(draft, spec, at)
  const before = blockOf(draft, from.block)
  const edge = from.edge ?? (before && portsOf(before, specs.get(before.type), draft).find(isOpen)?.name)
  return edge === undefined ? added : { draft: connect(added.draft, from.block, edge, added.id), id: added.id }
}

const followed = (edges: Block['edges'], names: ReadonlyMap<string, string>): Block['edges'] =>
  Object.values(edges).some((to) => names.has(to))
    ? Object.fromEntries(Object.entries(edges).map(([edge, to]) => [edge, names.get(to) ?? to]))
    : edges

/** Edges, start, person and hangup follow. The draft itself when the name is none or taken. */
export function renameBlock(draft: Draft, from: string, to: string): Draft {
  if (from === to || !isName(to) || !blockOf(draft, from) || blockOf(draft, to)) return draft
  const names = new Map([[from, to]])
  const blocks = draft.blocks.map((block) => {
    const edges = followed(block.edges, names)
    if (block.id === from) return { ...block, id: to, edges }
    return edges === block.edges ? block : { ...block, edges }
  })
  const layout = Object.fromEntries(Object.entries(draft.metadata.layout).map(([id, place]) => [id === from ? to : id, place]))
  const named = (id: string | undefined) => (id === from ? to : id)
  return withLayout({ ...draft, blocks, start: named(draft.start) ?? '', sub_flows: begins(draft, named), ...landings(draft, named) }, layout)
}

/** Where the sub-flows begin after a change of names. */
function begins({ sub_flows }: Draft, named: (id: string | undefined) => string | undefined): Draft['sub_flows'] {
  const next = sub_flows.map((one) => ({ ...one, start: named(one.start) ?? '' }))
  return next.every(({ start }, index) => start === sub_flows[index]?.start) ? sub_flows : next
}

/** `person` and `hangup` after a change of names; absent where they name nothing. */
const landings = (draft: Draft, named: (id: string | undefined) => string | undefined): Pick<Draft, 'person' | 'hangup'> => ({
  person: named(draft.person),
  hangup: named(draft.hangup),
})

export function removeBlocks(draft: Draft, ids: readonly string[]): Draft {
  const gone = new Set(ids)
  const blocks = draft.blocks
    .filter(({ id }) => !gone.has(id))
    .map((block) => {
      const kept = Object.entries(block.edges).filter(([, to]) => !gone.has(to))
      return kept.length === Object.keys(block.edges).length ? block : { ...block, edges: Object.fromEntries(kept) }
    })
  if (blocks.length === draft.blocks.length) return draft
  const layout = Object.fromEntries(Object.entries(draft.metadata.layout).filter(([id]) => !gone.has(id)))
  const named = (id: string | undefined) => (id !== undefined && gone.has(id) ? undefined : id)
  return withLayout({ ...draft, blocks, start: named(draft.start) ?? '', sub_flows: begins(draft, named), ...landings(draft, named) }, layout)
}

export function moveBlocks(draft: Draft, places: ReadonlyMap<string, Position>): Draft {
  const moved = [...places].filter(([id, { x, y }]) => {
    const before = draft.metadata.layout[id]
    return before?.x !== Math.round(x) || before.y !== Math.round(y)
  })
  if (moved.length === 0) return draft
  const layout = { ...draft.metadata.layout }
  for (const [id, { x, y }] of moved) layout[id] = { x: Math.round(x), y: Math.round(y) }
  return withLayout(draft, layout)
}

/** Where callers land who just called, who ask for a person, or whose call is over. */
export const land = (draft: Draft, role: 'start' | 'person' | 'hangup', id: string | undefined): Draft =>
  role === 'start' ? { ...draft, start: id ?? '' } : { ...draft, [role]: id }

/** Where a part of the flow begins. */
export const beginAt = (draft: Draft, home: string, id: string): Draft =>
  home === MAIN ? land(draft, 'start', id) : { ...draft, sub_flows: draft.sub_flows.map((one) => (one.id === home ? { ...one, start: id } : one)) }

/** Copies stand beside what they are copies of; edges among them lead among the copies, others where they led. */
export function addCopies(
  draft: Draft,
  copies: readonly Block[],
  places: Layout,
  shift: Position,
): { draft: Draft; ids: string[] } {
  const taken = namesOf(draft)
  const names = new Map<string, string>()
  for (const { id } of copies) {
    const name = freeName(id, taken)
    taken.add(name)
    names.set(id, name)
  }
  const known = namesOf(draft)
  const added = copies.map((block): Block => {
    const led = Object.entries(block.edges).filter(([, to]) => names.has(to) || known.has(to))
    return { ...block, id: names.get(block.id) ?? block.id, edges: followed(Object.fromEntries(led), names) }
  })
  const layout = { ...draft.metadata.layout }
  for (const [id, name] of names) {
    const { x, y } = places[id] ?? { x: 0, y: 0 }
    layout[name] = { x: Math.round(x + shift.x), y: Math.round(y + shift.y) }
  }
  const start = draft.blocks.length === 0 ? (added[0]?.id ?? '') : draft.start
  return { draft: withLayout(withBlocks({ ...draft, start }, [...draft.blocks, ...added]), layout), ids: added.map(({ id }) => id) }
}

/** How far a copy stands from what it is a copy of. */
export const BESIDE: Position = { x: 44, y: 44 }

export const duplicate = (draft: Draft, ids: readonly string[], places: Layout) =>
  addCopies(draft, draft.blocks.filter(({ id }) => ids.includes(id)), places, BESIDE)
