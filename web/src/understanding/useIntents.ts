/** The draft of the intents with what is changed here, and what can be done with it. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { intents as draftQuery } from '../api/queries'
import type { DraftView, EntityList, TrainingLine, TrainingTest } from '../api/types'
import { withIntent, withList, withOutOfScope, withTests, work, type Intent, type Work } from './edits'
import type { TrainingFile } from './exchange'
import { bringIn, put, save, snapshot, subscribe, takeIn, undoBringing, type Unsaved } from './unsaved'

export interface Intents extends Unsaved {
  draft: DraftView | undefined
  work: Work | undefined
  /** The draft could not be read. */
  error: unknown
  again: () => void
  setIntent: (name: string, is: Intent | null) => void
  setOutOfScope: (lines: TrainingLine[]) => void
  setTests: (tests: TrainingTest[]) => void
  /** `null` removes the list. */
  setList: (key: string, is: EntityList | null) => void
  save: () => Promise<boolean>
  takeIn: () => Promise<void>
  discard: () => void
  bringIn: (file: TrainingFile) => Promise<boolean>
  undoBringing: () => Promise<void>
  closeBrought: () => void
}

export function useIntents(): Intents {
  const { data: draft, error, refetch } = useQuery(draftQuery)
  const state = useSyncExternalStore(subscribe, snapshot)
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
    setIntent: (name, is) => draft && put({ edits: withIntent(draft, snapshot().edits, name, is) }),
    setOutOfScope: (lines) => draft && put({ edits: withOutOfScope(draft, snapshot().edits, lines) }),
    setTests: (tests) => draft && put({ edits: withTests(draft, snapshot().edits, tests) }),
    setList: (key, is) => draft && put({ edits: withList(draft, snapshot().edits, key, is), refusal: null }),
    save,
    takeIn,
    discard: () => put({ edits: null, stale: false, failure: null, refusal: null }),
    bringIn,
    undoBringing,
    closeBrought: () => put({ brought: null }),
  }
}
