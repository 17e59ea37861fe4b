/**
 * Whether this agent takes calls. Asked once, then pushed. Where the service keeps no presence there is none to be shown, and calls ring
 * whenever the phone is there.
 */
import { useSyncExternalStore } from 'react'
import { Failure, take } from '../api/client'
import { me as meQuery, queries } from '../api/queries'
import { readFloorFrame, readPresence, type Presence, type Why } from '../api/floorFrames'

interface Snapshot {
  presence?: Presence
  reasons: readonly string[]
  /** Why a call is offered, by call. */
  why: Readonly<Record<string, Why>>
}

export interface Disposition {
  id: string
  title: string
}

const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000]

let snapshot: Snapshot = { reasons: [], why: {} }
const listeners = new Set<() => void>()
let socket: WebSocket | undefined
let retry: ReturnType<typeof setTimeout> | undefined
let failures = 0
let wanted = false

function publish(next: Partial<Snapshot>): void {
  snapshot = { ...snapshot, ...next }
  listeners.forEach((listener) => listener())
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const request = fetch(`/api/v1${path}`, {
    method,
    credentials: 'same-origin',
    headers: { 'x-hotline': '1', 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  return take(
    request.then(async (response) => {
      const read: unknown = await response.json().catch(() => undefined)
      return response.ok ? { data: read, response } : { error: read, response }
    }),
  )
}

function follow(): void {
  clearTimeout(retry)
  const address = new URL('/api/v1/floor/live', location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  const mine = new WebSocket(address)
  socket = mine
  mine.onmessage = ({ data }) => {
    const frame = typeof data === 'string' ? readFloorFrame(data) : undefined
    if (!frame || socket !== mine) return
    failures = 0
    if (frame.type === 'presence') publish({ presence: frame.agent })
    else if (frame.type === 'offer') publish({ why: { [frame.call]: frame.why } })
  }
  mine.onclose = () => {
    if (socket !== mine || !wanted) return
    socket = undefined
    const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 8_000
    failures += 1
    retry = setTimeout(follow, wait * (0.75 + Math.random() / 2))
  }
}

/** Whether the service keeps presence at all, by what it says that somebody may. */
function isKept(): boolean {
  const me: object = queries.getQueryData(meQuery.queryKey) ?? {}
  const permissions = 'permissions' in me ? me.permissions : undefined
  return Array.isArray(permissions) && permissions.includes('presence.own')
}

export async function startPresence(): Promise<void> {
  if (wanted || !isKept()) return
  wanted = true
  try {
    const presence = readPresence(await ask('GET', '/agents/me/presence'))
    const reasons = await ask('GET', '/presence/reasons').catch(() => [])
    if (!wanted || !presence) return
    publish({ presence, reasons: Array.isArray(reasons) ? reasons.filter((each) => typeof each === 'string') : [] })
    follow()
  } catch (error) {
    // An agent whom it knows nothing of.
    if (!(error instanceof Failure)) throw error
    wanted = false
  }
}

export function stopPresence(): void {
  wanted = false
  clearTimeout(retry)
  socket?.close()
  socket = undefined
  publish({ presence: undefined, why: {} })
}

export async function setPresence(presence: 'available' | 'away', reason?: string): Promise<void> {
  const now = readPresence(await ask('PUT', '/agents/me/presence', reason === undefined ? { presence } : { presence, reason }))
  if (now) publish({ presence: now })
}

/** Ends the wrap-up, or only notes how the call came out. */
export async function wrapUp(disposition: string | undefined, done: boolean): Promise<void> {
  const now = readPresence(await ask('POST', '/agents/me/wrap-up', { disposition: disposition ?? null, done }))
  if (now) publish({ presence: now })
}

/** How the calls of a queue can come out; nothing where that is not asked. */
export async function dispositions(queue: string): Promise<Disposition[]> {
  const read = (await ask('GET', `/queues/${encodeURIComponent(queue)}`)) as { queue?: { dispositions?: unknown } } | undefined
  const kept = read?.queue?.dispositions
  const all = Array.isArray(kept) ? (kept as Partial<Disposition>[]) : []
  return all.flatMap(({ id, title }) => (typeof id === 'string' ? [{ id, title: typeof title === 'string' ? title : id }] : []))
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const usePresence = (): Snapshot => useSyncExternalStore(subscribe, () => snapshot)
