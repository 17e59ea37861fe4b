/** What the pages ask the service, by page-sized questions. Asked once; afterwards the live stream keeps it true. */
import { infiniteQueryOptions, queryOptions, QueryClient } from '@tanstack/react-query'
import { Failure, http, take } from './client'
import type { DraftView, FoundValue, Outcome, Parsed, TicketStatus, TrainingDraft, VersionView, WantedSlot } from './types'

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && !(error instanceof Failure && error.status >= 400 && error.status < 500),
    },
  },
})

const PAGE = 50

export const me = queryOptions({ queryKey: ['me'], queryFn: () => take(http.GET('/api/v1/me')), retry: false })

export const users = queryOptions({ queryKey: ['users'], queryFn: () => take(http.GET('/api/v1/users')) })

export const liveCalls = queryOptions({
  queryKey: ['calls', 'live'],
  queryFn: () => take(http.GET('/api/v1/calls', { params: { query: { live: true, limit: 200 } } })),
})

export const recentCalls = queryOptions({
  queryKey: ['calls', 'recent'],
  queryFn: () => take(http.GET('/api/v1/calls', { params: { query: { live: false, limit: 12 } } })),
})

export const calls = (outcome: Outcome | undefined) =>
  infiniteQueryOptions({
    queryKey: ['calls', 'list', outcome ?? 'all'],
    queryFn: ({ pageParam }) =>
      take(http.GET('/api/v1/calls', { params: { query: { before: pageParam, limit: PAGE, outcome } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  })

export const call = (id: string) =>
  queryOptions({
    queryKey: ['call', id],
    queryFn: () => take(http.GET('/api/v1/calls/{id}', { params: { path: { id } } })),
  })

export const peaks = (id: string) =>
  queryOptions({
    queryKey: ['peaks', id],
    queryFn: () =>
      take(http.GET('/api/v1/calls/{id}/peaks', { params: { path: { id }, query: { per_second: 20 } } })),
  })

/** What a call's caller had to do with us before. */
export const caller = (id: string) =>
  queryOptions({
    queryKey: ['call', id, 'caller'],
    queryFn: () => take(http.GET('/api/v1/calls/{id}/caller', { params: { path: { id } } })),
  })

/** Articles for an agent whose caller just said this. */
export const suggestions = (text: string) =>
  queryOptions({
    queryKey: ['knowledge', 'suggestions', text],
    queryFn: () => take(http.POST('/api/v1/knowledge/search', { body: { text: text.slice(0, 1_000), audience: 'agent', drafts: false } })),
    gcTime: 60_000,
  })

/** How often what is not pushed is asked for again. */
const AGAIN_MS = 3_000

/** Messages and sound of a call's legs; asked again while the call goes on, since they are not part of the stream. */
export const signalling = (id: string) =>
  queryOptions({
    queryKey: ['signalling', id],
    queryFn: () => take(http.GET('/api/v1/calls/{id}/signalling', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.complete === false ? AGAIN_MS : false),
  })

export const signallingUrl = (id: string, kind: 'txt' | 'pcap'): string =>
  `/api/v1/calls/${encodeURIComponent(id)}/signalling.${kind}`

/** Trunks are not part of the stream either. */
export const trunks = queryOptions({
  queryKey: ['trunks'],
  queryFn: () => take(http.GET('/api/v1/trunks')),
  refetchInterval: AGAIN_MS,
  staleTime: 0,
})

/** The prompts of the flow; changed by this page only, and then asked for again. */
export const prompts = queryOptions({
  queryKey: ['prompts'],
  queryFn: () => take(http.GET('/api/v1/prompts')),
  staleTime: 0,
})

/** `version` keeps a browser from playing what it has heard before a new recording. */
export const promptUrl = (id: string, version: number): string =>
  `/api/v1/prompts/${encodeURIComponent(id)}/sound.wav?v=${version}`

/** All articles at once: there are hundreds, not thousands, and filters then answer at the press of a key. */
export const articles = queryOptions({
  queryKey: ['knowledge', 'articles'],
  queryFn: () => take(http.GET('/api/v1/knowledge/articles')),
  staleTime: 0,
})

export const article = (id: string) =>
  queryOptions({
    queryKey: ['knowledge', 'article', id],
    queryFn: () => take(http.GET('/api/v1/knowledge/articles/{id}', { params: { path: { id } } })),
    staleTime: 0,
  })

export const articleHistory = (id: string) =>
  queryOptions({
    queryKey: ['knowledge', 'history', id],
    queryFn: () => take(http.GET('/api/v1/knowledge/articles/{id}/history', { params: { path: { id } } })),
    staleTime: 0,
  })

export const gaps = queryOptions({
  queryKey: ['knowledge', 'gaps'],
  queryFn: () => take(http.GET('/api/v1/knowledge/gaps')),
  staleTime: 0,
})

export const recordingUrl = (id: string): string => `/api/v1/calls/${encodeURIComponent(id)}/recording.wav`

export interface TicketFilter {
  q?: string
  status?: TicketStatus
  assignee?: string
}

export const tickets = (filter: TicketFilter) =>
  infiniteQueryOptions({
    queryKey: ['tickets', filter],
    queryFn: ({ pageParam }) =>
      take(http.GET('/api/v1/tickets', { params: { query: { ...filter, before: pageParam, limit: PAGE } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  })

export const ticket = (id: string) =>
  queryOptions({
    queryKey: ['ticket', id],
    queryFn: () => take(http.GET('/api/v1/tickets/{id}', { params: { path: { id } } })),
  })

export const flows = queryOptions({ queryKey: ['flows'], queryFn: () => take(http.GET('/api/v1/flows')) })

export const flow = (id: string) =>
  queryOptions({
    queryKey: ['flow', id],
    queryFn: () => take(http.GET('/api/v1/flows/{id}', { params: { path: { id } } })),
  })

/** What the intent engine learns from, as it will be at the next publish. Others may change it, so each visit asks again. */
export const intents = queryOptions({
  queryKey: ['intents', 'draft'],
  queryFn: () => take(http.GET('/api/v1/intents')) as Promise<DraftView>,
  staleTime: 0,
})

export const intentVersions = queryOptions({
  queryKey: ['intents', 'versions'],
  queryFn: () => take(http.GET('/api/v1/intents/versions')),
  staleTime: 0,
})

/** What is trained once more in the background; asked for as long as something is. */
export const intentTuning = queryOptions({
  queryKey: ['intents', 'tuning'],
  queryFn: () => take(http.GET('/api/v1/intents/tuning')),
  staleTime: 0,
  refetchInterval: ({ state }) => (state.data?.tuning ? 3_000 : false),
})

/** A version never changes what it was trained from. */
export const intentVersion = (number: number) =>
  queryOptions({
    queryKey: ['intents', 'version', number],
    queryFn: () => take(http.GET('/api/v1/intents/versions/{number}', { params: { path: { number } } })) as Promise<VersionView & { draft: TrainingDraft }>,
  })

/** From the flow's own intents when `from` is left out; to the draft when `to` is. */
export const intentsDifference = (from: number | undefined, to: number | undefined) =>
  queryOptions({
    queryKey: ['intents', 'difference', from ?? 'flow', to ?? 'draft'],
    queryFn: () => take(http.GET('/api/v1/intents/diff', { params: { query: { from, to } } })),
    staleTime: to === undefined ? 0 : Infinity,
  })

/** Asked for by a click only, since it trains several models; with the revision of the draft that was looked at. */
export const intentsCheck = queryOptions({
  queryKey: ['intents', 'check'],
  queryFn: async () => {
    const revision = queries.getQueryData(intents.queryKey)?.revision
    return { revision, found: await take(http.POST('/api/v1/intents/check')) }
  },
})

/** What a text means to the version that answers now. */
export const meaning = (text: string) =>
  queryOptions({
    queryKey: ['intents', 'meaning', text],
    queryFn: () => take(http.POST('/api/v1/intents/parse', { body: { text, readings: [] } })),
    gcTime: 60_000,
    staleTime: 0,
  })

/** Where a text is said, as far as it is told: a country (ISO 3166) and a time zone (IANA). */
export interface Whereabouts {
  country?: string
  zone?: string
}

/** The values of some kinds in a text, found by the version that answers now. */
export const valuesIn = (text: string, slots: WantedSlot[], where: Whereabouts) =>
  queryOptions({
    queryKey: ['intents', 'values', text, slots, where],
    queryFn: () =>
      take(http.POST('/api/v1/intents/parse', { body: { text, readings: [], slots, ...where } })) as Promise<Omit<Parsed, 'values'> & { values: FoundValue[] }>,
    gcTime: 60_000,
    staleTime: 0,
  })

export const unmatched = (days: number) =>
  queryOptions({
    queryKey: ['intents', 'unmatched', days],
    queryFn: () => take(http.GET('/api/v1/intents/unmatched', { params: { query: { days } } })),
    staleTime: 0,
  })

export const tokens = queryOptions({ queryKey: ['tokens'], queryFn: () => take(http.GET('/api/v1/tokens')), staleTime: 0 })
