/**
 * What is changed here and not saved, and how the draft is changed with it: saved, taken in anew, or with what a file brings.
 * The changes outlive a reload of the tab.
 */
import { Failure, http, take } from '../api/client'
import { intents as draftQuery, queries } from '../api/queries'
import type { DraftView, ImportedTraining } from '../api/types'
import { rebase, toChange, type Edits } from './edits'
import { refusal, type Refusal } from './entities/faults'
import { read, type TrainingFile } from './exchange'

/** What a file brought into the draft. */
export interface Brought {
  file: string
  found: ImportedTraining
  /** The draft as it was. */
  before: DraftView
}

export interface Unsaved {
  edits: Edits | null
  saving: boolean
  /** Somebody else has saved in the meantime. */
  stale: boolean
  failure: unknown
  /** Why it was not sent at all. */
  refusal: Refusal | null
  /** The last import of this visit, until it is undone or its note is closed. */
  brought: Brought | null
}

const KEY = 'hotline.draft.intents'

function stored(): Edits | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Edits | null
  } catch {
    return null
  }
}

let unsaved: Unsaved = { edits: stored(), saving: false, stale: false, failure: null, refusal: null, brought: null }
const listeners = new Set<() => void>()

export const snapshot = (): Unsaved => unsaved

export function put(change: Partial<Unsaved>): void {
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

export const subscribe = (changed: () => void) => {
  listeners.add(changed)
  return () => void listeners.delete(changed)
}

const newest = (): Promise<DraftView> => queries.fetchQuery({ ...draftQuery, staleTime: 0 })

const isStale = (failure: unknown): boolean => failure instanceof Failure && failure.status === 412

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
export async function save(): Promise<boolean> {
  const { edits, saving } = unsaved
  const draft = queries.getQueryData(draftQuery.queryKey)
  if (!edits) return true
  if (!draft || saving) return false
  const change = toChange(draft, edits)
  const refused = refusal(change.lists)
  put({ refusal: refused ?? null })
  if (refused) return false
  put({ saving: true, failure: null })
  try {
    await take(http.PUT('/api/v1/intents', { body: change }))
    const saved = await newest()
    // What was typed while it was being saved stays.
    put({ edits: unsaved.edits === edits || !unsaved.edits ? null : rebase(unsaved.edits, saved), stale: false })
    return unsaved.edits === null
  } catch (failure) {
    if (isStale(failure)) put({ stale: true })
    else put({ failure })
    return false
  } finally {
    put({ saving: false })
  }
}

/**
 * Saves what was typed, then adds a file's intents to the draft. Whether they are in it; when not, `stale` or `failure` says why,
 * or what is thrown.
 */
export async function bringIn(file: TrainingFile): Promise<boolean> {
  if (!(await save())) return false
  const before = queries.getQueryData(draftQuery.queryKey)
  if (!before) return false
  try {
    const found = await read(file, before.revision)
    put({ brought: { file: file.name, found, before } })
  } catch (failure) {
    if (!isStale(failure)) throw failure
    put({ stale: true })
    return false
  }
  await takeIn()
  return true
}

/** Puts the draft back that was there before the import. Throws when somebody has changed it since; then it stays as it is. */
export async function undoBringing(): Promise<void> {
  const { brought } = unsaved
  if (brought?.found.revision == null) return
  try {
    await take(http.PUT('/api/v1/intents', { body: toChange(brought.before, { revision: brought.found.revision, intents: {} }) }))
    put({ brought: null })
  } finally {
    await takeIn()
  }
}
