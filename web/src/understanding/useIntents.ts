/** The draft of the intents, what is changed here and not saved, and how it is saved. The changes outlive a reload of the tab. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { Failure, http, take } from '../api/client'
import { intents as draftQuery, queries } from '../api/queries'
import type { DraftView, TrainingLine, TrainingTest } from '../api/types'
import { rebase, toChange, withIntent, withOutOfScope, withTests, work, type Edits, type Intent, type Work } from './edits'

interface Unsaved {
  edits: Edits | null
  saving: boolean
  /** Somebody else has saved in the meantime. */
  stale: boolean
  failure: unknown
}

const KEY = 'hotline.draft.intents'

function stored(): Edits | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Edits | null
  } catch {
    return null
  }
}

let unsaved: Unsaved = { edits: stored(), saving: false, stale: false, failure: null }
const listeners = new Set<() => void>()

function put(change: Partial<Unsaved>): void {
  unsaved = { ...unsaved, ...change }
  if ('edits' in change) {
    try {
      if (unsaved.edits) sessionStorage.setItem(KEY, JSON.stringify(unsaved.edits))
      else sessionStorage.removeItem(KEY)
    } catch {
      // Too much for the browser to keep: it is lost with the tab only, and leaving the tab warns.
    }
  }
  listeners.forEach((changed) => changed())
}

const subscribe = (changed: () => void) => {
  listeners.add(changed)
  return () => void listeners.delete(changed)
}

const newest = (): Promise<DraftView> => queries.fetchQuery({ ...draftQuery, staleTime: 0 })

/** Asks for the draft anew and lays what was typed over it. */
export async function takeIn(): Promise<void> {
  try {
    const draft = await newest()
    put({ edits: unsaved.edits && rebase(unsaved.edits, draft), stale: false, failure: null })
  } catch (failure) {
    put({ failure })
  }
}

/** Whether everything is saved afterwards. */
async function save(): Promise<boolean> {
  const { edits, saving } = unsaved
  const draft = queries.getQueryData(draftQuery.queryKey)
  if (!edits) return true
  if (!draft || saving) return false
  put({ saving: true, failure: null })
  try {
    await take(http.PUT('/api/v1/intents', { body: toChange(draft, edits) }))
    const saved = await newest()
    // What was typed while it was being saved stays.
    put({ edits: unsaved.edits === edits || !unsaved.edits ? null : rebase(unsaved.edits, saved), stale: false })
    return unsaved.edits === null
  } catch (failure) {
    if (failure instanceof Failure && failure.status === 412) put({ stale: true })
    else put({ failure })
    return false
  } finally {
    put({ saving: false })
  }
}

export interface Intents extends Unsaved {
  draft: DraftView | undefined
  work: Work | undefined
  /** The draft could not be read. */
  error: unknown
  again: () => void
  setIntent: (name: string, is: Intent | null) => void
  setOutOfScope: (lines: TrainingLine[]) => void
  setTests: (tests: TrainingTest[]) => void
  save: () => Promise<boolean>
  takeIn: () => Promise<void>
  discard: () => void
}

export function useIntents(): Intents {
  const { data: draft, error, refetch } = useQuery(draftQuery)
  const state = useSyncExternalStore(subscribe, () => unsaved)
  const { edits } = state
  const now = useMemo(() => draft && work(draft, edits), [draft, edits])
  useEffect(() => {
    if (!edits) return
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [edits])
  return {
    ...state,
    draft,
    work: now,
    error: draft ? null : error,
    again: () => void refetch(),
    setIntent: (name, is) => draft && put({ edits: withIntent(draft, unsaved.edits, name, is) }),
    setOutOfScope: (lines) => draft && put({ edits: withOutOfScope(draft, unsaved.edits, lines) }),
    setTests: (tests) => draft && put({ edits: withTests(draft, unsaved.edits, tests) }),
    save,
    takeIn,
    discard: () => put({ edits: null, stale: false, failure: null }),
  }
}
