/** What the flow editor asks the service: the draft, its check, what was published, and what kinds of block there are. */
import { queryOptions } from '@tanstack/react-query'
import type { Client } from 'openapi-fetch'
import { http, take } from '../../api/client'
import { queries } from '../../api/queries'
import type { BlockSpec } from '../document'
import type { Finding } from './findings'
import type { Missed, Played, Test } from './trial/call'

type Document = Record<string, unknown>

export interface DraftView {
  revision: number
  document: Document
  findings: Finding[]
  /** The number of the version that answers; nothing as long as the flow file does. */
  live: number | null
  live_document: Document
  /** Whether it differs from what is live. */
  changed: boolean
  saved_by: string | null
  saved_at: number | null
}

export type VersionState = 'live' | 'held' | 'earlier' | 'scheduled' | 'cancelled'

export interface FlowVersion {
  number: number
  made_at: number
  made_by: string | null
  note: string
  state: VersionState
  /** When it is to answer; a scheduled one only. */
  at: number | null
  hash: string
  blocks: number
}

interface Saved {
  revision: number
  findings: Finding[]
}

export interface Tested {
  name: string
  failures: Missed[]
}

/** A flow to begin from. */
export interface Template {
  id: string
  name_en: string
  name_zh: string
  help_en: string
  help_zh: string
  document: Document
}

export type ImportStatus = 'mapped' | 'partly' | 'not_mapped'

/** What became of one step of the other system's flow. */
export interface ImportItem {
  source: string
  kind: string
  status: ImportStatus
  /** The block that it became. */
  block: string | null
  message: string
}

export interface Imported {
  format: 'twilio_studio' | 'amazon_connect' | 'amazon_connect_console' | 'hotline'
  document: Document
  report: { mapped: number; partly: number; not_mapped: number; items: ImportItem[] }
  findings: Finding[]
}

/** What a call went through, and what came of it. */
export interface Way {
  path: string[]
  slots: Record<string, unknown>
  queue: string | null
  outcome: string | null
}

export interface Replayed {
  call: string
  at: number
  status: 'same' | 'moved' | 'diverged' | 'skipped'
  /** The block at which the ways part. */
  where: string | null
  why: string
  before: Way
  after: Way
}

export interface Replay {
  calls: number
  same: number
  moved: number
  diverged: number
  skipped: number
  trace_hash: string
  seconds: number
  /** Those that are not the same, at most 500. */
  results: Replayed[]
}

/** What a recogniser heard; no text when there were no words. */
export interface Heard {
  text: string
  confidence: number
  /** Other readings, likelier first. */
  alternatives: string[]
}

/** As it comes over the wire: what is empty is left out. */
type Sent<T> = { [Member in keyof T]?: T[Member] | null }

interface Json<T> {
  content: { 'application/json': T }
}
interface Answer<T> {
  responses: { 200: { headers: Record<string, unknown> } & Json<T> }
}
interface Numbered {
  parameters: { path: { number: number } }
}

/** In the shape of the generated schema. */
interface Paths {
  '/api/v1/flows/draft': {
    get: Answer<DraftView>
    put: { requestBody: Json<{ revision: number; document: Document }> } & Answer<Saved>
  }
  '/api/v1/flows/check': { post: { requestBody: Json<{ document: Document }> } & Answer<{ findings: Finding[] }> }
  '/api/v1/flows/simulate': { post: { requestBody: Json<{ document: Document; test: Test }> } & Answer<unknown> }
  '/api/v1/flows/simulate/hear': { post: { parameters: { query: { language: string } }; requestBody: { content: { 'audio/wav': Blob } } } & Answer<Heard> }
  '/api/v1/flows/test': { post: { requestBody: Json<{ document: Document }> } & Answer<Tested[]> }
  '/api/v1/flows/blocks': { get: Answer<BlockSpec[]> }
  '/api/v1/flows/publish': { post: { requestBody: Json<{ revision: number; note: string; at?: number }> } & Answer<FlowVersion> }
  '/api/v1/flows/draft/revert': { post: { requestBody: Json<{ revision: number; to: number | null }> } & Answer<Saved> }
  '/api/v1/flows/templates': { get: Answer<Template[]> }
  '/api/v1/flows/import': { post: { requestBody: Json<{ text: string; languages?: string[]; queue?: string }> } & Answer<Omit<Imported, 'report'> & { report: Omit<Imported['report'], 'items'> & { items: (Omit<ImportItem, 'block' | 'message'> & Sent<ImportItem>)[] } }> }
  '/api/v1/flows/replay': { post: { requestBody: Json<{ document?: Document; calls: number }> } & Answer<Omit<Replay, 'results'> & { results: (Omit<Replayed, 'where' | 'before' | 'after'> & { where?: string | null; before: Sent<Way>; after: Sent<Way> })[] }> }
  '/api/v1/flows/versions': { get: Answer<FlowVersion[]> }
  '/api/v1/flows/versions/{number}': {
    get: Numbered & Answer<{ version: FlowVersion; document: Document }>
    delete: Numbered & Answer<FlowVersion | undefined>
  }
  '/api/v1/flows/versions/{number}/promote': { post: Numbered & Answer<FlowVersion> }
}

const flows = http as unknown as Client<Paths>

export const draftQuery = queryOptions({
  queryKey: ['flows', 'draft'],
  queryFn: () => take(flows.GET('/api/v1/flows/draft')),
  staleTime: 0,
  gcTime: 0,
})

/** The kinds of block never change while the service runs. */
export const blocksQuery = queryOptions({
  queryKey: ['flows', 'blocks'],
  queryFn: async () => (await take(flows.GET('/api/v1/flows/blocks'))) as unknown as readonly BlockSpec[],
})

export const versionsQuery = queryOptions({
  queryKey: ['flows', 'versions'],
  queryFn: () => take(flows.GET('/api/v1/flows/versions')),
  staleTime: 0,
})

/** What was published never changes. */
export const versionQuery = (number: number) =>
  queryOptions({
    queryKey: ['flows', 'version', number],
    queryFn: () => take(flows.GET('/api/v1/flows/versions/{number}', { params: { path: { number } } })),
  })

export const save = (revision: number, document: Document): Promise<Saved> =>
  take(flows.PUT('/api/v1/flows/draft', { body: { revision, document } }))

export const check = (document: Document, signal: AbortSignal): Promise<{ findings: Finding[] }> =>
  take(flows.POST('/api/v1/flows/check', { body: { document }, signal }))

/** Plays a call from its first step. */
export const simulate = async (document: Document, test: Test): Promise<Played> =>
  (await take(flows.POST('/api/v1/flows/simulate', { body: { document, test } }))) as Played

/** Hears what somebody says who tries a flow; nothing is kept. */
export const hear = (sound: Blob, language: string, signal: AbortSignal): Promise<Heard> =>
  take(
    flows.POST('/api/v1/flows/simulate/hear', {
      params: { query: { language } },
      body: sound,
      bodySerializer: (body: unknown) => body as Blob,
      headers: { 'content-type': 'audio/wav' },
      signal,
    }),
  )

/** Plays the tests that a document brings along. */
export const runTests = (document: Document): Promise<Tested[]> => take(flows.POST('/api/v1/flows/test', { body: { document } }))

export const publish = (revision: number, note: string, at: number | undefined): Promise<FlowVersion> =>
  take(flows.POST('/api/v1/flows/publish', { body: { revision, note, ...(at === undefined ? {} : { at }) } }))

export const promote = (number: number): Promise<FlowVersion> =>
  take(flows.POST('/api/v1/flows/versions/{number}/promote', { params: { path: { number } } }))

export const cancel = (number: number): Promise<unknown> =>
  take(flows.DELETE('/api/v1/flows/versions/{number}', { params: { path: { number } } }))

/** The draft becomes a version, or what is live. */
export const revert = (revision: number, to: number | null): Promise<Saved> =>
  take(flows.POST('/api/v1/flows/draft/revert', { body: { revision, to } }))

/** They never change while the service runs. */
export const templatesQuery = queryOptions({
  queryKey: ['flows', 'templates'],
  queryFn: () => take(flows.GET('/api/v1/flows/templates')),
})

/** Reads a flow of another system, or our own; nothing is kept. */
export async function importFlow(text: string, language: string, queue: string | undefined, signal: AbortSignal): Promise<Imported> {
  const found = await take(flows.POST('/api/v1/flows/import', { body: { text, languages: [language], ...(queue === undefined ? {} : { queue }) }, signal }))
  // What there is nothing to say of is left out on the way.
  const items = found.report.items.map((item): ImportItem => ({ ...item, block: item.block ?? null, message: item.message ?? '' }))
  return { ...found, report: { ...found.report, items } }
}

/** Runs a document over the last calls. */
export async function replay(document: Document, calls: number, signal: AbortSignal): Promise<Replay> {
  const found = await take(flows.POST('/api/v1/flows/replay', { body: { document, calls }, signal }))
  const whole = ({ path, slots, queue, outcome }: Sent<Way>): Way => ({ path: path ?? [], slots: slots ?? {}, queue: queue ?? null, outcome: outcome ?? null })
  const results = found.results.map((one): Replayed => ({ ...one, where: one.where ?? null, before: whole(one.before), after: whole(one.after) }))
  return { ...found, results }
}

/** After what answers calls has changed: the pages that show it ask again. */
export const publishedChanged = async (): Promise<void> => {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['flows'] }),
    queries.invalidateQueries({ queryKey: ['flow'] }),
    queries.invalidateQueries({ queryKey: ['prompts'] }),
  ])
}
