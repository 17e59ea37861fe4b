/** The edges that a block has: those of its kind, and those that its fields bring. The same rule as the service's validator. */
import type { Block, BlockSpec, FieldSpec } from '../document'
import { calledBy, returnsOf } from '../parts'
import { isMembers, type Draft } from './draft'

export interface Port {
  name: string
  /** Publishing refuses a flow that leaves it unwired. */
  required: boolean
  /** Where it leads. */
  to: string | undefined
  /** What is said of it beside its name, such as the share of callers who go that way. */
  note: string
  /** The block has no such edge (any more); it is only still wired. */
  unknown: boolean
  /** Empty where the registry says nothing of it. */
  help_en: string
  help_zh: string
}

/** Before the name of an edge, where the canvas names what can be pulled. */
export const PORT = 'edge:'

export const bringsEdges = ({ type }: FieldSpec): boolean =>
  type.kind === 'intents' || (type.kind === 'rows' && (type.columns ?? []).some((column) => column.type.kind === 'edge'))

/** Whoever listens may also be asked for a person; the edge is not declared with the kind. */
const listens = (spec: BlockSpec): boolean => spec.fields.some(({ name }) => name === 'max_tries')

/** The names of edges that a field brings with a value. */
export function brought(field: FieldSpec, value: unknown, draft: Pick<Draft, 'intents'>): string[] {
  if (field.type.kind === 'intents') {
    // Left out they are all of the flow's, unless the registry says what they are then.
    if (value === undefined && field.default == null) return draft.intents.map(({ name }) => name)
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
  }
  if (!bringsEdges(field) || !Array.isArray(value)) return []
  const columns = (field.type.columns ?? []).filter((column) => column.type.kind === 'edge')
  return columns.flatMap((column) =>
    value.flatMap((row) => {
      const name = isMembers(row) ? row[column.name] : undefined
      return typeof name === 'string' ? [name] : []
    }),
  )
}

/** What of a draft tells the edges of its blocks. */
export type Wired = Pick<Draft, 'intents' | 'blocks' | 'start' | 'person' | 'hangup' | 'sub_flows' | 'metadata'>

const NO_HELP = { help_en: '', help_zh: '' }

/** Edges that rows bring with a share of the callers say it, so that a split is read from the graph. */
export function edgeNotes(block: Block, spec: BlockSpec | undefined): ReadonlyMap<string, string> {
  const notes = new Map<string, string>()
  for (const { name, type } of spec?.fields ?? []) {
    const edge = type.columns?.find((column) => column.type.kind === 'edge')
    const rows = block.params[name]
    if (!edge || !Array.isArray(rows) || !type.columns?.some((column) => column.name === 'percent')) continue
    for (const row of rows) {
      if (!isMembers(row)) continue
      const [way, percent] = [row[edge.name], row.percent]
      if (typeof way === 'string' && typeof percent === 'number') notes.set(way, `${percent} %`)
    }
  }
  return notes
}

/** Choices first, as they are what the block is about; then what its kind has; then what is wired to nothing it has. */
export function portsOf(block: Block, spec: BlockSpec | undefined, draft: Wired): Port[] {
  const ports = new Map<string, Port>()
  const notes = edgeNotes(block, spec)
  const put = (name: string, required: boolean, help: { help_en: string; help_zh: string }, unknown = false) => {
    if (ports.has(name)) return
    const { help_en, help_zh } = help
    ports.set(name, { name, required, to: block.edges[name], note: notes.get(name) ?? '', unknown, help_en, help_zh })
  }
  if (spec) {
    for (const field of spec.fields) {
      for (const name of brought(field, block.params[field.name], draft)) if (name !== '') put(name, true, field)
    }
    const called = calledBy(block, spec)
    if (called !== undefined) for (const name of returnsOf(draft, called)) put(name, true, spec.edges.find((edge) => edge.name === name) ?? NO_HELP)
    for (const edge of spec.edges) put(edge.name, edge.required, edge)
    if (listens(spec)) put('agent', false, NO_HELP)
  }
  for (const name of Object.keys(block.edges)) put(name, false, NO_HELP, spec !== undefined)
  return [...ports.values()]
}

export const isOpen = (port: Port): boolean => port.required && port.to === undefined
