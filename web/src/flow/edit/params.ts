/** Changing what a block is told. Edges that come from a field follow when it changes. */
import type { Block, BlockSpec } from '../document'
import { withBlock } from './blocks'
import { same, type Draft } from './draft'
import { brought } from './ports'

/** The wiring after the names that a field brings have changed: a renamed edge keeps its target, one that is gone loses it. */
function rewired(edges: Block['edges'], before: readonly string[], after: readonly string[], others: ReadonlySet<string>): Block['edges'] {
  const gone = before.filter((name) => !after.includes(name) && !others.has(name))
  if (gone.length === 0) return edges
  const come = after.filter((name) => !before.includes(name))
  const [old] = gone
  const [name] = come
  const isRename = before.length === after.length && gone.length === 1 && come.length === 1
  const kept = Object.entries(edges).filter(([edge]) => !gone.includes(edge))
  if (isRename && old !== undefined && name !== undefined && edges[old] !== undefined) kept.push([name, edges[old]])
  return Object.fromEntries(kept)
}

/** Sets a parameter, or removes it with `undefined`. */
export function setParam(draft: Draft, id: string, name: string, value: unknown, spec: BlockSpec | undefined): Draft {
  return withBlock(draft, id, (block) => {
    const { [name]: was, ...others } = block.params
    if (value === was || (value !== undefined && same(value, was))) return block
    const params = value === undefined ? others : { ...block.params, [name]: value }
    const field = spec?.fields.find((candidate) => candidate.name === name)
    if (!field || !spec) return { ...block, params }
    const elsewhere = new Set([
      ...spec.edges.map((edge) => edge.name),
      ...spec.fields.filter((other) => other !== field).flatMap((other) => brought(other, block.params[other.name], draft)),
    ])
    return { ...block, params, edges: rewired(block.edges, brought(field, was, draft), brought(field, value, draft), elsewhere) }
  })
}

/** Sets a member of the flow itself, or removes it with `undefined`. */
export function setMember(draft: Draft, name: string, value: unknown): Draft {
  if (same(draft[name], value)) return draft
  return { ...draft, [name]: value }
}
