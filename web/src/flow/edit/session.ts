/**
 * One visit to the draft: what is edited, saved and checked by itself, and what others do to it meanwhile. Nothing of theirs is
 * overwritten and nothing of ours is lost: what is not saved outlives a reload, and whoever is overtaken decides with both before them.
 */
import { Failure } from '../../api/client'
import { queries } from '../../api/queries'
import type { BlockSpec } from '../document'
import { check, draftQuery, save, type DraftView } from './api'
import type { Draft } from './draft'
import { editing, ready } from './editing'
import { placed, type Finding } from './findings'
import { saver, type SaveState } from './saver'
import { written } from './written'

type Document = Record<string, unknown>

export interface SessionState {
  save: SaveState
  /** What somebody else has saved while something here was not. */
  theirs: DraftView | undefined
  /** The last change of somebody else that was taken over, as nothing here was in its way. */
  taken: { by: string | null; at: number } | undefined
}

interface Kept {
  revision: number
  document: Document
}

const KEY = 'hotline.draft.flow'
const CHECK_MS = 350
const KEEP_MS = 200

function kept(): Kept | undefined {
  try {
    return (JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Kept | null) ?? undefined
  } catch {
    return undefined
  }
}

function keep(what: Kept | undefined): void {
  try {
    if (what) sessionStorage.setItem(KEY, JSON.stringify(what))
    else sessionStorage.removeItem(KEY)
  } catch {
    // Too much for the browser to keep: it is lost with the tab only, and leaving the tab warns.
  }
}

export function session(first: DraftView, specs: ReadonlyMap<string, BlockSpec>) {
  const unsaved = kept()
  const edit = editing(ready(unsaved?.document ?? first.document), specs)
  const listeners = new Set<() => void>()
  let state: SessionState = { save: { is: 'saved' }, theirs: undefined, taken: undefined }
  let checking: AbortController | undefined
  let checkLater: ReturnType<typeof setTimeout> | undefined
  let keepLater: ReturnType<typeof setTimeout> | undefined
  /** Set while the draft becomes what the service has already. */
  let isTheirs = false

  const put = (part: Partial<SessionState>) => {
    state = { ...state, ...part }
    listeners.forEach((listener) => listener())
  }
  const judge = (findings: readonly Finding[], document: Document) => edit.setFindings(placed(findings, document))

  const keeper = saver<Draft>(first.revision, {
    send: async (revision, draft) => {
      const saved = await save(revision, written(draft))
      forget()
      if (edit.draft() !== draft) keepSoon()
      return saved.revision
    },
    changed: () => {
      const now = keeper.state()
      put({ save: now })
      if (now.is === 'overtaken' && !state.theirs) void look()
    },
  })

  async function look(): Promise<void> {
    try {
      seen(await queries.fetchQuery({ ...draftQuery, staleTime: 0 }))
    } catch {
      // The next look is a few seconds away.
    }
  }

  /** Writing a large flow down takes longer than a letter may; so it is done once the typing rests. */
  function keepSoon(): void {
    clearTimeout(keepLater)
    keepLater = setTimeout(keepNow, KEEP_MS)
  }
  function keepNow(): void {
    clearTimeout(keepLater)
    if (keeper.isSaved()) return
    keep({ revision: keeper.revision(), document: written(edit.draft()) })
  }
  function forget(): void {
    clearTimeout(keepLater)
    keep(undefined)
  }

  function checkSoon(): void {
    clearTimeout(checkLater)
    checkLater = setTimeout(() => {
      const document = written(edit.draft())
      checking?.abort()
      const mine = new AbortController()
      checking = mine
      check(document, mine.signal)
        .then(({ findings }) => checking === mine && judge(findings, document))
        .catch((error: unknown) => {
          // What was found before stands until the service can be asked again.
          if (!(error instanceof Failure)) throw error
        })
    }, CHECK_MS)
  }

  function takeOver(view: DraftView): void {
    edit.restart(ready(view.document))
    keeper.rebase(view.revision)
    judge(view.findings, view.document)
  }

  /** The draft as the service has it now, asked for every few seconds. */
  function seen(view: DraftView): void {
    const { is } = keeper.state()
    if (view.revision <= keeper.revision() || is === 'saving') return
    if (is === 'saved') {
      takeOver(view)
      put({ taken: { by: view.saved_by, at: view.saved_at ?? Date.now() } })
    } else {
      put({ theirs: view })
      if (is !== 'overtaken') keeper.overtake()
    }
  }

  edit.onChange((draft) => {
    if (isTheirs) return
    keeper.put(draft)
    keepSoon()
    checkSoon()
  })

  judge(first.findings, first.document)
  if (unsaved) {
    keeper.put(edit.draft())
    if (unsaved.revision < first.revision) {
      state = { ...state, theirs: first }
      keeper.overtake()
    }
    checkSoon()
  }

  return {
    edit,
    state: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    seen,
    revision: keeper.revision,
    flush: keeper.flush,
    isSaved: keeper.isSaved,
    /** Goes on from what somebody else has saved; undoing brings back what was here. */
    goOnFromTheirs: () => {
      const { theirs } = state
      if (!theirs) return
      put({ theirs: undefined })
      forget()
      keeper.rebase(theirs.revision)
      isTheirs = true
      edit.change((): Draft => ready(theirs.document))
      isTheirs = false
      judge(theirs.findings, theirs.document)
    },
    /** After the service itself has changed the draft, as when it becomes an earlier version. */
    begin: (view: DraftView) => {
      forget()
      put({ theirs: undefined, taken: undefined })
      takeOver(view)
    },
    /** Before the tab goes away. */
    keepNow,
    leave: () => {
      clearTimeout(checkLater)
      checking?.abort()
      void keeper.flush()
    },
  }
}

export type Session = ReturnType<typeof session>
