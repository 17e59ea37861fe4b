/** The parts of a flow document and of the block registry that the graph shows; the document itself is the service's. */
import type { FlowDetail } from '../api/types'

export type Texts = Readonly<Record<string, string>>

export interface Block {
  id: string
  type: string
  params: Readonly<Record<string, unknown>>
  edges: Readonly<Record<string, string>>
}

/** A part of the flow that blocks run like a step. */
export interface SubFlow {
  readonly id: string
  readonly name: string
  /** Empty when no block begins it. */
  readonly start: string
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
  person?: string
  hangup?: string
  blocks: readonly Block[]
  intents: readonly { name: string; label?: Texts; examples?: Readonly<Record<string, readonly string[]>> }[]
  queues: readonly { id: string; name: string }[]
  /** Parts that blocks run like a step; their blocks lie among the others. */
  sub_flows: readonly SubFlow[]
  layout: Readonly<Record<string, Position>>
  metadata?: Readonly<Record<string, unknown>>
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

/** Of two with one id the first counts, as blocks name it by that. */
export function subFlowsOf(value: unknown): SubFlow[] {
  const found = listOf(value)
    .map(objectOf)
    .map((one): SubFlow => ({ ...one, id: textOf(one.id), name: textOf(one.name) || textOf(one.id), start: textOf(one.start) }))
  return found.filter(({ id }, index) => id !== '' && found.findIndex((other) => other.id === id) === index)
}

/** Reads a document leniently: what it lacks is empty, never an error, for this page only looks. */
export function readDocument(detail: FlowDetail): FlowDocument {
  const raw = objectOf(detail.document)
  return {
    id: detail.id,
    name: textOf(raw.name) || detail.id,
    languages: listOf(raw.languages).map(textOf),
    start: textOf(raw.start),
    person: textOf(raw.person),
    hangup: textOf(raw.hangup),
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
    sub_flows: subFlowsOf(raw.sub_flows),
    metadata: { belongs: objectOf(raw.metadata).belongs },
    layout: objectOf(objectOf(raw.metadata).layout) as Record<string, Position>,
  }
}

export const readSpecs = (detail: FlowDetail): ReadonlyMap<string, BlockSpec> =>
  new Map((detail.blocks as unknown as BlockSpec[]).map((spec) => [spec.name, spec]))
