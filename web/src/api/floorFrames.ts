/** What the floor's stream tells an agent: how they stand, and why a call is offered to them. Checked here before anything else sees it. */

export type PresenceState = 'free' | 'offered' | 'talking' | 'wrap_up' | 'away'

export interface Presence {
  extension: string
  state: PresenceState
  reason?: string
  call?: string
  queue?: string
  /** When the ringing or the wrap-up ends by itself, in ms since the epoch. */
  until?: number
  /** What follows when the call is over. */
  next?: { presence: string; reason?: string }
}

export interface Why {
  strategy: string
  chosen: readonly string[]
  candidates: number
  excluded: readonly { agent: string; why: string }[]
}

export type FloorFrame = { type: 'presence'; agent: Presence } | { type: 'offer'; call: string; why: Why } | { type: 'withdrawn'; call: string }

type Fields = Record<string, unknown>
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const states = new Set<string>(['free', 'offered', 'talking', 'wrap_up', 'away'])

export function readPresence(value: unknown): Presence | undefined {
  if (!isObject(value)) return undefined
  const { extension, state, until, next } = value
  if (typeof extension !== 'string' || typeof state !== 'string' || !states.has(state)) return undefined
  const follows = isObject(next) && typeof next.presence === 'string' ? { presence: next.presence, reason: text(next.reason) } : undefined
  return {
    extension,
    state: state as PresenceState,
    reason: text(value.reason),
    call: text(value.call),
    queue: text(value.queue),
    until: typeof until === 'number' ? until : undefined,
    next: follows,
  }
}

function readWhy(value: unknown): Why | undefined {
  if (!isObject(value) || typeof value.strategy !== 'string') return undefined
  const list = (of: unknown): unknown[] => (Array.isArray(of) ? of : [])
  return {
    strategy: value.strategy,
    chosen: list(value.chosen).flatMap((each) => text(each) ?? []),
    candidates: list(value.candidates).length,
    excluded: list(value.excluded).flatMap((each) => (isObject(each) && typeof each.agent === 'string' && typeof each.why === 'string' ? [{ agent: each.agent, why: each.why }] : [])),
  }
}

export function readFloorFrame(received: string): FloorFrame | undefined {
  let value: unknown
  try {
    value = JSON.parse(received)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const { type, call } = value
  if (type === 'presence') {
    const agent = readPresence(value.agent)
    return agent && { type, agent }
  }
  if (typeof call !== 'string') return undefined
  if (type === 'withdrawn') return { type, call }
  const why = type === 'offer' ? readWhy(value.why) : undefined
  return why && { type: 'offer', call, why }
}
