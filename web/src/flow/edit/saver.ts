/**
 * Saving by itself: a while after the last change, one request at a time, each naming the revision that it changes. When somebody
 * else has saved in between, nothing more is sent until a person has decided; what could not be sent is tried again.
 */
import { Failure } from '../../api/client'

export type SaveState =
  | { is: 'saved' }
  /** Changed, and about to be sent. */
  | { is: 'waiting' }
  | { is: 'saving' }
  /** Not sent; tried again by itself when that can help. */
  | { is: 'failed'; error: unknown }
  /** Somebody else has saved since. */
  | { is: 'overtaken' }

interface Parts<T> {
  /** Sends a document that changes a revision; gives the new revision. */
  send: (revision: number, document: T) => Promise<number>
  changed: () => void
  afterMs?: number
  againMs?: number
}

export interface Saver<T> {
  state: () => SaveState
  /** The revision that the next document changes. */
  revision: () => number
  /** Whether everything put in has been saved. */
  isSaved: () => boolean
  put: (document: T) => void
  /** Sends what waits now. Whether all is saved afterwards. */
  flush: () => Promise<boolean>
  /** Somebody else has saved, as was learnt in another way than by sending. */
  overtake: () => void
  /** Begins anew from a revision; what waited is dropped. */
  rebase: (revision: number) => void
  stop: () => void
}

const AFTER_MS = 900
const AGAIN_MS = 5_000

/** The service says that the document itself cannot be kept: sending it again does not help. */
const isRefused = (error: unknown): boolean => error instanceof Failure && [400, 403, 404, 413, 422].includes(error.status)
const isOvertaken = (error: unknown): boolean => error instanceof Failure && error.status === 412

export function saver<T>(first: number, { send, changed, afterMs = AFTER_MS, againMs = AGAIN_MS }: Parts<T>): Saver<T> {
  let revision = first
  let state: SaveState = { is: 'saved' }
  let waiting: { document: T } | undefined
  let sending: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  // What came back from before a new beginning is not heard any more.
  let generation = 0

  const become = (next: SaveState) => {
    state = next
    changed()
  }
  const later = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(() => void begin(), ms)
  }

  async function run(document: T): Promise<void> {
    const mine = generation
    become({ is: 'saving' })
    try {
      const next = await send(revision, document)
      if (mine !== generation) return
      revision = next
      if (waiting) {
        become({ is: 'waiting' })
        later(afterMs)
      } else become({ is: 'saved' })
    } catch (error) {
      if (mine !== generation) return
      waiting ??= { document }
      if (isOvertaken(error)) become({ is: 'overtaken' })
      else {
        become({ is: 'failed', error })
        if (!isRefused(error)) later(againMs)
      }
    }
  }

  function begin(): Promise<void> {
    clearTimeout(timer)
    if (sending) return sending
    if (!waiting || state.is === 'overtaken') return Promise.resolve()
    const { document } = waiting
    waiting = undefined
    sending = run(document).finally(() => {
      sending = undefined
    })
    return sending
  }

  return {
    state: () => state,
    revision: () => revision,
    isSaved: () => state.is === 'saved',
    put: (document) => {
      waiting = { document }
      if (state.is === 'overtaken') return
      if (state.is !== 'saving') become({ is: 'waiting' })
      later(afterMs)
    },
    flush: async () => {
      // What was typed while the first was on its way goes with the second.
      await begin()
      if (waiting && state.is === 'waiting') await begin()
      return state.is === 'saved'
    },
    overtake: () => {
      clearTimeout(timer)
      become({ is: 'overtaken' })
    },
    rebase: (next) => {
      generation += 1
      clearTimeout(timer)
      revision = next
      waiting = undefined
      become({ is: 'saved' })
    },
    stop: () => clearTimeout(timer),
  }
}
