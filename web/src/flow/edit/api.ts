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
  '/api/v1/flows/test': { post: { requestBody: Json<{ document: Document }> } & Answer<Tested[]> }
  '/api/v1/flows/blocks': { get: Answer<BlockSpec[]> }
  '/api/v1/flows/publish': { post: { requestBody: Json<{ revision: number; note: string; at?: number }> } & Answer<FlowVersion> }
  '/api/v1/flows/draft/revert': { post: { requestBody: Json<{ revision: number; to: number | null }> } & Answer<Saved> }
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

/** After what answers calls has changed: the pages that show it ask again. */
export const publishedChanged = async (): Promise<void> => {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['flows'] }),
    queries.invalidateQueries({ queryKey: ['flow'] }),
    queries.invalidateQueries({ queryKey: ['prompts'] }),
  ])
}
