/** The parts of a flow document and of the block registry that the graph shows; the document itself is the service's. */
import type { FlowDetail } from '../api/types'

export type Texts = Readonly<Record<string, string>>

export interface Block {
  id: string
  type: string
  params: Readonly<Record<string, unknown>>
  edges: Readonly<Record<string, string>>
}

export interface Position {
  x: number
  y: number
}

export interface FlowDocument {
  id: string
  name: string
  languages: readonly string[]
  start: string
  blocks: readonly Block[]
  intents: readonly { name: string; label?: Texts; examples?: Readonly<Record<string, readonly string[]>> }[]
  queues: readonly { id: string; name: string }[]
  layout: Readonly<Record<string, Position>>
}

export interface FieldSpec {
  name: string
  type: { kind: string; columns?: readonly FieldSpec[]; words?: readonly string[]; min?: number; max?: number }
  required: boolean
  default?: string | null
  /** A value that makes sense, as JSON. */
  example?: string
  help_en: string
  help_zh: string
}

export interface EdgeSpec {
  name: string
  required: boolean
  help_en: string
  help_zh: string
}

export interface BlockSpec {
  name: string
  title_en: string
  title_zh: string
  category: string
  fields: readonly FieldSpec[]
  edges: readonly EdgeSpec[]
  help_en: string
  help_zh: string
}

type Unknown = Record<string, unknown>
const objectOf = (value: unknown): Unknown => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Unknown) : {})
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Reads a document leniently: what it lacks is empty, never an error, for this page only looks. */
export function readDocument(detail: FlowDetail): FlowDocument {
  const raw = objectOf(detail.document)
  return {
    id: detail.id,
    name: textOf(raw.name) || detail.id,
    languages: listOf(raw.languages).map(textOf),
    start: textOf(raw.start),
    blocks: listOf(raw.blocks).map((value) => {
      const block = objectOf(value)
      return {
        id: textOf(block.id),
        type: textOf(block.type),
        params: objectOf(block.params),
        edges: objectOf(block.edges) as Record<string, string>,
      }
    }),
    intents: listOf(raw.intents) as FlowDocument['intents'],
    queues: listOf(raw.queues) as FlowDocument['queues'],
    layout: objectOf(objectOf(raw.metadata).layout) as Record<string, Position>,
  }
}

export const readSpecs = (detail: FlowDetail): ReadonlyMap<string, BlockSpec> =>
  new Map((detail.blocks as unknown as BlockSpec[]).map((spec) => [spec.name, spec]))
