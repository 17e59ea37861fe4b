/** What can be done to the sub-flows of a draft, and where their blocks stand. */
import type { BlockSpec, Position } from '../document'
import { arrange } from '../layout'
import { added, blocksOf, callField, homes, MAIN, reached, RETURN, startOf, subFlowOf, type Whole } from '../parts'
import { beginAt, nameFrom } from './blocks'
import { freeName, namesOf, same, type Draft } from './draft'

const startedAt = (draft: Draft, home: string, id: string): Partial<Draft> => (home === MAIN ? { start: id } : { sub_flows: beginAt(draft, home, id).sub_flows })

/** After a change: blocks that nothing reaches stay in their part, new ones are in the open one, and the first of a part begins it. */
export function stay(before: Draft, after: Draft, open: string): Draft {
  if (after.sub_flows.length === 0 || (after.blocks === before.blocks && after.sub_flows === before.sub_flows)) return after
  const was = homes(before)
  const ids = new Set(after.sub_flows.map(({ id }) => id))
  const here = ids.has(open) ? open : MAIN
  const fresh = after.blocks.filter(({ id }) => !was.has(id))
  const [first] = fresh
  const isEmpty = here !== MAIN || blocksOf(before, MAIN).length === 0
  const begins = first && isEmpty && !after.blocks.some(({ id }) => id === startOf(after, here))
  const begun: Draft = begins ? { ...(first.id === after.start ? { ...after, start: '' } : after), ...startedAt(after, here, first.id) } : after
  const reachedNow = reached(begun)
  const apart = begun.blocks
    .filter(({ id }) => !reachedNow.has(id))
    .map(({ id }): [string, string] => [id, was.get(id) ?? here])
    .filter(([, home]) => ids.has(home))
  const belongs = Object.fromEntries(apart)
  return same(belongs, added(begun)) ? begun : { ...begun, metadata: { ...begun.metadata, belongs } }
}

/** Where blocks were added, as far as it says something that edges do not. */
export function belongings(draft: Draft): Readonly<Record<string, string>> {
  const ids = new Set(draft.sub_flows.map(({ id }) => id))
  const pairs = Object.entries(added(draft)).filter((pair): pair is [string, string] => typeof pair[1] === 'string' && ids.has(pair[1]))
  if (pairs.length === 0) return {}
  const names = namesOf(draft)
  const found = reached(draft)
  return Object.fromEntries(pairs.filter(([id]) => names.has(id) && !found.has(id)))
}

/** Adds a sub-flow that returns at once. */
export function addSubFlow(draft: Draft, name: string, specs: ReadonlyMap<string, BlockSpec>): { draft: Draft; id: string } {
  const id = freeName(nameFrom(name) || 'sub_flow', new Set(draft.sub_flows.map((one) => one.id)))
  const isThere = specs.has(RETURN)
  const start = isThere ? freeName(RETURN, namesOf(draft)) : ''
  const blocks = isThere ? [...draft.blocks, { id: start, type: RETURN, params: {}, edges: {} }] : draft.blocks
  const layout = isThere ? { ...draft.metadata.layout, [start]: { x: 0, y: 0 } } : draft.metadata.layout
  return {
    id,
    draft: { ...draft, blocks, sub_flows: [...draft.sub_flows, { id, name: name.trim() || id, start }], metadata: { ...draft.metadata, layout } },
  }
}

/** What callers see is the name; the id stays, since blocks name it. */
export const renameSubFlow = (draft: Draft, id: string, name: string): Draft =>
  name.trim() === '' || subFlowOf(draft, id)?.name === name.trim()
    ? draft
    : { ...draft, sub_flows: draft.sub_flows.map((one) => (one.id === id ? { ...one, name: name.trim() } : one)) }

/** Takes away a sub-flow with its blocks; blocks that ran it have to name another. */
export function removeSubFlow(draft: Draft, id: string, specs: ReadonlyMap<string, BlockSpec>): Draft {
  if (!subFlowOf(draft, id)) return draft
  const gone = new Set(blocksOf(draft, id).map((block) => block.id))
  const blocks = draft.blocks
    .filter((block) => !gone.has(block.id))
    .map((block) => {
      const field = callField(specs.get(block.type))
      if (field === undefined || block.params[field] !== id) return block
      return { ...block, params: Object.fromEntries(Object.entries(block.params).filter(([name]) => name !== field)) }
    })
  const layout = Object.fromEntries(Object.entries(draft.metadata.layout).filter(([block]) => !gone.has(block)))
  const belongs = Object.fromEntries(Object.entries(added(draft)).filter(([block]) => !gone.has(block)))
  return { ...draft, blocks, sub_flows: draft.sub_flows.filter((one) => one.id !== id), metadata: { ...draft.metadata, layout, belongs } }
}

/** Where the blocks of each part stand by themselves; a part has a canvas of its own. */
export const arrangeAll = (draft: Whole): ReadonlyMap<string, Position> =>
  new Map([MAIN, ...draft.sub_flows.map(({ id }) => id)].flatMap((home) => [...arrange({ blocks: blocksOf(draft, home) })]))
