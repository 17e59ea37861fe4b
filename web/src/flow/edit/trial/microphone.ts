/**
 * A turn that is spoken: from the press on the button to the words. Whoever holds the button talks until it is let go; after a short
 * press one talks until the next, or until one is silent. The sound is gone as soon as it was heard.
 */
import { hear as hearIt, type Heard } from '../api'
import { NoMicrophone, openMicrophone, type Line, type NoMicrophoneReason } from './recorder'
import { BLOCK_MS, isMuted, isOver, loudness, shown } from './silence'

/** A press that is longer is no click. */
const HOLD_MS = 400
/** What is shorter is no word. */
const SHORTEST_MS = 200
/** The service hears no more at once. */
export const LONGEST_MS = 30_000

/** Why there are no words. */
export type Nothing = { kind: 'silence' } | { kind: 'muted' } | { kind: NoMicrophoneReason } | { kind: 'unheard'; error: unknown }

export type MicrophoneState =
  | { at: 'rest'; nothing?: Nothing }
  /** The browser asks whether it may be used. */
  | { at: 'asking' }
  /** How loud it is, 0 to 1. */
  | { at: 'recording'; level: number }
  | { at: 'hearing' }

/** The words of a turn. */
interface Spoken {
  language: string
  heard: (heard: Heard) => void
}

interface Tools {
  open: typeof openMicrophone
  hear: typeof hearIt
  /** In ms. */
  now: () => number
}

const real: Tools = { open: openMicrophone, hear: hearIt, now: () => performance.now() }

export function microphone({ open, hear, now }: Tools = real) {
  const listeners = new Set<() => void>()
  let state: MicrophoneState = { at: 'rest' }
  /** When the button was pressed that is still held. */
  let held: number | undefined
  let spoken: Spoken | undefined
  let stop = new AbortController()
  let line: Line | undefined
  /** How loud each block was. */
  let levels: number[] = []

  const put = (next: MicrophoneState) => {
    state = next
    listeners.forEach((listener) => listener())
  }

  const rest = (nothing?: Nothing) => {
    stop.abort()
    line?.close()
    line = undefined
    levels = []
    put(nothing === undefined ? { at: 'rest' } : { at: 'rest', nothing })
  }

  async function send(): Promise<void> {
    const recorded = line
    if (!recorded || levels.length * BLOCK_MS < SHORTEST_MS) return rest({ kind: 'silence' })
    if (isMuted(levels)) return rest({ kind: 'muted' })
    const { signal } = stop
    put({ at: 'hearing' })
    try {
      const heard = await hear(await recorded.finish(), spoken?.language ?? '', signal)
      if (signal.aborted) return
      const isSilence = heard.text.trim() === ''
      rest(isSilence ? { kind: 'silence' } : undefined)
      if (!isSilence) spoken?.heard(heard)
    } catch (error) {
      if (!signal.aborted) rest(error instanceof NoMicrophone ? { kind: error.reason } : { kind: 'unheard', error })
    }
  }

  const took = (block: Float32Array) => {
    if (state.at !== 'recording') return
    const level = loudness(block)
    levels.push(level)
    // Whoever holds the button says when it is over.
    if (levels.length * BLOCK_MS >= LONGEST_MS || (held === undefined && isOver(levels))) void send()
    else put({ at: 'recording', level: shown(level) })
  }

  async function begin(turn: Spoken): Promise<void> {
    spoken = turn
    stop = new AbortController()
    const { signal } = stop
    put({ at: 'asking' })
    try {
      const opened = await open({ took: (block) => !signal.aborted && took(block), ended: () => !signal.aborted && state.at === 'recording' && void send() })
      if (signal.aborted) return opened.close()
      line = opened
      put({ at: 'recording', level: 0 })
    } catch (error) {
      if (!signal.aborted) rest({ kind: error instanceof NoMicrophone ? error.reason : 'broken' })
    }
  }

  return {
    state: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    press: (turn: Spoken) => {
      held = now()
      if (state.at === 'recording') void send()
      else if (state.at === 'rest') void begin(turn)
    },
    release: () => {
      const isHold = held !== undefined && now() - held >= HOLD_MS
      held = undefined
      // Let go of while the browser still asked, it was a click.
      if (isHold && state.at === 'recording') void send()
    },
    /** Nothing comes of what was said. */
    leave: () => {
      held = undefined
      rest()
    },
  }
}

export type Microphone = ReturnType<typeof microphone>
