/**
 * A flow while it is edited: the whole document, also what this page knows nothing of, read so that it can be drawn and changed,
 * and written so that two versions differ only where they mean something else.
 */
import { subFlowsOf, type Block, type Position, type SubFlow, type Texts } from '../document'

export interface Intent {
  readonly name: string
  readonly label?: Texts
  readonly examples?: Readonly<Record<string, readonly string[]>>
}

export interface Queue {
  readonly id: string
  readonly name: string
}

export type Layout = Readonly<Record<string, Position>>

/** Members that are not named here are kept as they are. */
export interface Draft {
  readonly [member: string]: unknown
  readonly id: string
  readonly name: string
  readonly languages: readonly string[]
  /** Empty when no block begins the call. */
  readonly start: string
  readonly person?: string
  readonly hangup?: string
  readonly intents: readonly Intent[]
  readonly queues: readonly Queue[]
  readonly sub_flows: readonly SubFlow[]
  readonly blocks: readonly Block[]
  readonly metadata: { readonly [member: string]: unknown; readonly layout: Layout }
}

type Members = Record<string, unknown>

export const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)
const membersOf = (value: unknown): Members => (isMembers(value) ? value : {})
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const textsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(membersOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))

/** A name that no block has yet: `say`, `say_2`, … */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const base = wanted || 'block'
  if (!taken.has(base)) return base
  const stem = base.replace(/_\d+$/, '')
  for (let count = 2; ; count += 1) if (!taken.has(`${stem}_${count}`)) return `${stem}_${count}`
}

export const namesOf = (draft: Draft): Set<string> => new Set(draft.blocks.map(({ id }) => id))

export const blockOf = (draft: Draft, id: string): Block | undefined => draft.blocks.find((block) => block.id === id)

/**
 * Reads any JSON object. What is missing is empty; a second block of one name gets another, since the canvas knows blocks by
 * their names.
 */
export function open(document: unknown): Draft {
  const raw = membersOf(document)
  const taken = new Set<string>()
  const blocks = listOf(raw.blocks)
    .filter(isMembers)
    .map((block): Block => {
      const id = freeName(textOf(block.id), taken)
      taken.add(id)
      return { ...block, id, type: textOf(block.type), params: membersOf(block.params), edges: textsOf(block.edges) }
    })
  const metadata = membersOf(raw.metadata)
  const places = Object.entries(membersOf(metadata.layout)).filter(
    (entry): entry is [string, Position] => isMembers(entry[1]) && Number.isFinite(entry[1].x) && Number.isFinite(entry[1].y),
  )
  return {
    ...raw,
    id: textOf(raw.id),
    name: textOf(raw.name),
    languages: listOf(raw.languages).map(textOf),
    start: textOf(raw.start),
    intents: listOf(raw.intents).filter(isMembers) as unknown as Intent[],
    queues: listOf(raw.queues).filter(isMembers) as unknown as Queue[],
    sub_flows: subFlowsOf(raw.sub_flows),
    blocks,
    metadata: { ...metadata, layout: Object.fromEntries(places) },
  }
}

export const alphabetical = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** The same value with the members of every object in alphabetical order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isMembers(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort(alphabetical)
      .map((name) => [name, sorted(value[name])]),
  )
}

export const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
