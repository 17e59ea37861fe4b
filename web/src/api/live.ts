/**
 * The live stream: one WebSocket for the whole console, resumed by cursor, with its state in the open. It keeps what it
 * heard per call since the page opened; pages lay that over what they asked for once, so nothing is polled.
 */
import { useSyncExternalStore } from 'react'
import { readFrame, type Frame } from './frames'
import { queries } from './queries'
import type { Entry } from './types'

export type Connection = 'connecting' | 'live' | 'retrying' | 'off'

/** What the stream said about one call. */
export interface Heard {
  entries: readonly Entry[]
  /** Words being said, by speaker. */
  partial: Readonly<Partial<Record<'caller' | 'agent', string>>>
}

interface Snapshot {
  connection: Connection
  calls: ReadonlyMap<string, Heard>
}

const NOTHING: Heard = { entries: [], partial: {} }
/** As many calls are remembered; older ones are asked for again when opened. */
const REMEMBERED = 300
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000]
/** The service pings every 20 s below our sight; a socket that cannot be opened in this time is tried anew. */
const OPEN_TIMEOUT_MS = 10_000

let snapshot: Snapshot = { connection: 'off', calls: new Map() }
let cursor: number | undefined
let socket: WebSocket | undefined
let retry: ReturnType<typeof setTimeout> | undefined
let failures = 0
let wanted = false
const listeners = new Set<() => void>()

function publish(next: Partial<Snapshot>): void {
  snapshot = { ...snapshot, ...next }
  listeners.forEach((listener) => listener())
}

const stale = new Set<string>()
let refreshing: ReturnType<typeof setTimeout> | undefined
/** Asks again for what the stream cannot tell by itself (a ticket's number), once for many events. */
function refresh(key: readonly string[]): void {
  stale.add(JSON.stringify(key))
  refreshing ??= setTimeout(() => {
    refreshing = undefined
    const keys = [...stale].map((text) => JSON.parse(text) as string[])
    stale.clear()
    keys.forEach((queryKey) => void queries.invalidateQueries({ queryKey }))
  }, 400)
}

function withEntry(heard: Heard, entry: Entry): Heard {
  if (entry.kind === 'partial') return { ...heard, partial: { ...heard.partial, [entry.speaker]: entry.text } }
  const last = heard.entries.at(-1)
  if (last && entry.seq <= last.seq) return heard
  const entries = [...heard.entries, entry]
  if (entry.kind === 'heard') return { entries, partial: { ...heard.partial, [entry.speaker]: undefined } }
  if (entry.kind === 'not_heard') return { entries, partial: { ...heard.partial, caller: undefined } }
  if (entry.kind === 'hung_up' || entry.kind === 'ended') return { entries, partial: {} }
  return { ...heard, entries }
}

function take(frame: Extract<Frame, { type: 'entry' }>): void {
  const { call, entry } = frame
  const before = snapshot.calls.get(call) ?? NOTHING
  const last = before.entries.at(-1)
  // A hole in the journal: ask for the whole call again.
  if (last && entry.seq > last.seq + 1) refresh(['call', call])
  const calls = new Map(snapshot.calls)
  calls.delete(call)
  calls.set(call, withEntry(before, entry))
  if (calls.size > REMEMBERED) {
    const oldest = calls.keys().next().value
    if (oldest !== undefined) calls.delete(oldest)
  }
  publish({ calls })
  switch (entry.kind) {
    case 'ended':
      refresh(['calls', 'recent'])
      refresh(['calls', 'list'])
      refresh(['call', call])
      refresh(['tickets'])
      break
    case 'ticket_opened':
      refresh(['call', call])
      refresh(['tickets'])
      break
    case 'ticket_changed':
    case 'noted':
      refresh(['tickets'])
      refresh(['ticket', entry.ticket])
      break
    default:
  }
}

function lost(): void {
  socket = undefined
  if (!wanted) return
  publish({ connection: 'retrying' })
  const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 8_000
  failures += 1
  clearTimeout(retry)
  // A little apart, so that a restarted service is not met by every console in the same instant.
  retry = setTimeout(open, wait * (0.75 + Math.random() / 2))
}

function open(): void {
  clearTimeout(retry)
  const address = new URL('/api/v1/live', location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  if (cursor !== undefined) address.searchParams.set('after', String(cursor))
  const resumed = cursor !== undefined
  const mine = new WebSocket(address)
  socket = mine
  const late = setTimeout(() => mine.close(), OPEN_TIMEOUT_MS)
  mine.onmessage = (message) => {
    const frame = typeof message.data === 'string' ? readFrame(message.data) : undefined
    if (!frame || socket !== mine) return
    clearTimeout(late)
    if (frame.type === 'hello') {
      failures = 0
      if (!resumed) {
        cursor = frame.cursor
        // What was asked before the stream stood may already be out of date.
        refresh(['calls'])
        refresh(['call'])
      }
      publish({ connection: 'live' })
    } else if (frame.type === 'lagged') {
      cursor = frame.cursor
      publish({ calls: new Map() })
      void queries.invalidateQueries()
    } else {
      if (frame.cursor !== null) cursor = frame.cursor
      take(frame)
    }
  }
  mine.onclose = () => {
    clearTimeout(late)
    if (socket === mine) lost()
  }
}

export function startLive(): void {
  if (wanted) return
  wanted = true
  publish({ connection: 'connecting' })
  open()
}

export function stopLive(): void {
  wanted = false
  clearTimeout(retry)
  socket?.close()
  socket = undefined
  cursor = undefined
  failures = 0
  publish({ connection: 'off', calls: new Map() })
}

/** Tries now instead of after the pause. */
export function retryLive(): void {
  if (wanted && !socket) open()
}

if (typeof window !== 'undefined') window.addEventListener('online', retryLive)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const useConnection = (): Connection => useSyncExternalStore(subscribe, () => snapshot.connection)
export const useHeard = (call: string): Heard =>
  useSyncExternalStore(subscribe, () => snapshot.calls.get(call) ?? NOTHING)
export const useHeardCalls = (): ReadonlyMap<string, Heard> => useSyncExternalStore(subscribe, () => snapshot.calls)
