/** What the browser phone and the service say to each other; what arrives is checked here before anything else sees it. */

export type LegState = 'ringing' | 'dialling' | 'connected' | 'held'

/** A leg that the service has kept. */
export interface KeptLeg {
  leg: string
  state: LegState
  from: string
  call?: string
  /** In ms since the epoch. */
  since?: number
}

export type FromService =
  | { type: 'ready'; extension: string; ice_servers: RTCIceServer[]; legs: KeptLeg[] }
  | { type: 'ringing'; leg: string; call: string; from: string; to: string; queue?: string }
  | { type: 'stopped'; leg: string; reason: string }
  | { type: 'connected'; leg: string; sdp: string; call?: string }
  | { type: 'restarted'; leg: string; sdp: string }
  | { type: 'progress'; leg: string; state: string }
  | { type: 'transfer'; leg: string; state: string; reason?: string }
  | { type: 'ended'; leg: string; reason: string }
  | { type: 'elsewhere' }
  | { type: 'signed_out' }
  | { type: 'error'; code: string; message: string; leg?: string }

export type ToService =
  | { type: 'hello'; tab: string; take_over: boolean }
  | { type: 'accept' | 'restart'; leg: string; sdp: string }
  | { type: 'decline'; leg: string; reason?: string }
  | { type: 'dial'; leg: string; to: string; sdp: string }
  | { type: 'hang_up'; leg: string }
  | { type: 'hold'; leg: string; on: boolean }
  | { type: 'key'; leg: string; digit: string }
  | { type: 'transfer'; leg: string; to: string }
  | { type: 'transfer'; leg: string; replaces: string }
  | { type: 'quality'; leg: string; loss: number; jitter_ms: number; rtt_ms: number; mos: number }

type Fields = Record<string, unknown>
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const text = (value: unknown): string => (isText(value) ? value : '')
const optional = (value: unknown): string | undefined => (isText(value) && value !== '' ? value : undefined)

function iceServer(value: unknown): RTCIceServer[] {
  if (!isObject(value)) return []
  const urls = Array.isArray(value.urls) ? value.urls.filter(isText) : isText(value.urls) ? [value.urls] : []
  if (urls.length === 0) return []
  return [{ urls, username: optional(value.username), credential: optional(value.credential) }]
}

export const iceServers = (value: unknown): RTCIceServer[] => (Array.isArray(value) ? value.flatMap(iceServer) : [])

function keptLeg(value: unknown): KeptLeg[] {
  if (!isObject(value) || !isText(value.leg)) return []
  const { leg, state, from, call, since } = value
  if (state !== 'ringing' && state !== 'dialling' && state !== 'connected' && state !== 'held') return []
  return [{ leg, state, from: text(from), call: optional(call), since: typeof since === 'number' ? since : undefined }]
}

/** A frame, or nothing when it is not one that we know. */
export function readPhoneFrame(received: string): FromService | undefined {
  let value: unknown
  try {
    value = JSON.parse(received)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const { type, leg } = value
  switch (type) {
    case 'ready': {
      const legs = Array.isArray(value.legs) ? value.legs.flatMap(keptLeg) : []
      return { type, extension: text(value.extension), ice_servers: iceServers(value.ice_servers), legs }
    }
    case 'elsewhere':
    case 'signed_out':
      return { type }
    case 'error':
      return { type, code: text(value.code), message: text(value.message), leg: optional(leg) }
    default:
  }
  if (!isText(leg)) return undefined
  switch (type) {
    case 'ringing':
      return { type, leg, call: text(value.call), from: text(value.from), to: text(value.to), queue: optional(value.queue) }
    case 'connected':
      return isText(value.sdp) ? { type, leg, sdp: value.sdp, call: optional(value.call) } : undefined
    case 'restarted':
      return isText(value.sdp) ? { type, leg, sdp: value.sdp } : undefined
    case 'stopped':
    case 'ended':
      return { type, leg, reason: text(value.reason) }
    case 'progress':
      return { type, leg, state: text(value.state) }
    case 'transfer':
      return { type, leg, state: text(value.state), reason: optional(value.reason) }
    default:
      return undefined
  }
}
