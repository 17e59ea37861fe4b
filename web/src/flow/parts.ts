/**
 * Sub-flows: parts of a flow that a block runs like a step. All blocks lie in one list; each belongs to what reaches it, the main flow
 * or one sub-flow. One that nothing reaches yet belongs where it was added, which the document keeps beside the layout.
 */
import type { Block, BlockSpec, SubFlow } from './document'

/** The main flow, among the ids of sub-flows. */
export const MAIN = ''

/** What of a flow tells its parts. */
export interface Whole {
  readonly blocks: readonly Block[]
  readonly start: string
  readonly person?: string
  readonly hangup?: string
  readonly sub_flows: readonly SubFlow[]
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** Where blocks were added that nothing may reach yet: their names to a sub-flow's id. */
export function added({ metadata }: Pick<Whole, 'metadata'>): Readonly<Record<string, unknown>> {
  const belongs = metadata?.belongs
  return typeof belongs === 'object' && belongs !== null && !Array.isArray(belongs) ? (belongs as Record<string, unknown>) : {}
}

const known = new WeakMap<readonly Block[], { of: Whole; homes: ReadonlyMap<string, string> }>()
const isSame = (a: Whole, b: Whole): boolean =>
  a.start === b.start && a.person === b.person && a.hangup === b.hangup && a.sub_flows === b.sub_flows && a.metadata?.belongs === b.metadata?.belongs

function reaching(flow: Whole) {
  const blocks = new Map(flow.blocks.map((block) => [block.id, block]))
  const found = new Map<string, string>()
  const reach = (home: string, from: readonly (string | undefined)[]) => {
    const next = from.filter((id): id is string => id !== undefined && blocks.has(id))
    for (let id = next.pop(); id !== undefined; id = next.pop()) {
      if (found.has(id)) continue
      found.set(id, home)
      next.push(...Object.values(blocks.get(id)?.edges ?? {}).filter((to) => blocks.has(to)))
    }
  }
  reach(MAIN, [flow.start, flow.person, flow.hangup])
  for (const { id, start } of flow.sub_flows) reach(id, [start])
  return { found, reach }
}

/** The part that reaches each block, as far as one does. Of several the first counts; the check says so. */
export const reached = (flow: Whole): ReadonlyMap<string, string> => reaching(flow).found

/** The sub-flow that each block belongs to, or the main flow. */
export function homes(flow: Whole): ReadonlyMap<string, string> {
  const before = known.get(flow.blocks)
  if (before && isSame(before.of, flow)) return before.homes
  const { found, reach } = reaching(flow)
  // What nothing reaches takes along what only it leads to.
  const ids = new Set(flow.sub_flows.map(({ id }) => id))
  const where = added(flow)
  for (const { id } of flow.blocks) {
    const home = where[id]
    if (!found.has(id) && typeof home === 'string' && ids.has(home)) reach(home, [id])
  }
  for (const { id } of flow.blocks) if (!found.has(id)) found.set(id, MAIN)
  known.set(flow.blocks, { of: flow, homes: found })
  return found
}

export const homeOf = (flow: Whole, id: string): string => homes(flow).get(id) ?? MAIN

export const subFlowOf = (flow: Pick<Whole, 'sub_flows'>, id: string): SubFlow | undefined => flow.sub_flows.find((one) => one.id === id)

/** Where calls, or a sub-flow, begin. */
export const startOf = (flow: Pick<Whole, 'start' | 'sub_flows'>, home: string): string => (home === MAIN ? flow.start : (subFlowOf(flow, home)?.start ?? ''))

/** The same list for the same flow, so that what is drawn of it need not be drawn again. */
const divided = new WeakMap<ReadonlyMap<string, string>, Map<string, readonly Block[]>>()

export function blocksOf(flow: Whole, home: string): readonly Block[] {
  if (flow.sub_flows.length === 0) return home === MAIN ? flow.blocks : []
  const found = homes(flow)
  const parts = divided.get(found) ?? new Map<string, readonly Block[]>()
  divided.set(found, parts)
  const blocks = parts.get(home) ?? flow.blocks.filter(({ id }) => found.get(id) === home)
  parts.set(home, blocks)
  return blocks
}

/** The flow as if it were only one of its parts. */
export const only = <T extends Whole>(flow: T, home: string): T =>
  flow.sub_flows.length === 0 ? flow : { ...flow, blocks: blocksOf(flow, home), start: startOf(flow, home) }

/** The field of a kind of block that names a sub-flow. */
export const callField = (spec: BlockSpec | undefined): string | undefined => spec?.fields.find(({ type }) => type.kind === 'sub_flow')?.name

/** The sub-flow that a block runs. */
export function calledBy(block: Block, spec: BlockSpec | undefined): string | undefined {
  const field = callField(spec)
  const id = field === undefined ? undefined : block.params[field]
  return typeof id === 'string' && id !== '' ? id : undefined
}

export const RETURN = 'return'

/** The edges by which a sub-flow is left, as its return blocks name them. */
export function returnsOf(flow: Whole, home: string): string[] {
  if (!subFlowOf(flow, home)) return []
  const found = blocksOf(flow, home)
    .filter(({ type }) => type === RETURN)
    .map(({ params }) => (typeof params.edge === 'string' && params.edge !== '' ? params.edge : 'next'))
  return [...new Set(found)]
}
