/** A call as its caller sees it, read out of what the service tells. Pure: the same messages give the same view. */
import type { MediaState } from '../../src/rtc/peer'

export type Who = 'bot' | 'caller' | 'agent'

export interface Caption {
  seq: number
  who: Who
  text: string
  /** What is still being said may change. */
  final: boolean
}

export type FromService =
  | { type: 'connected'; sdp: string; resume?: string }
  | { type: 'restarted'; sdp: string }
  | ({ type: 'caption' } & Caption)
  | { type: 'state'; state: 'bot' | 'queue' | 'agent'; position?: number; wait_s?: number }
  | { type: 'ended'; reason: string }
  | { type: 'error'; code: string; message: string }

export interface Call {
  stage: 'calling' | 'talking' | 'over'
  /** Who is there now, or that nobody is yet. */
  with: 'bot' | 'queue' | 'agent'
  position?: number
  wait_s?: number
  captions: readonly Caption[]
  media: 'opening' | MediaState
  /** Whether the service is heard of. */
  connected: boolean
  since?: number
  /** Why it is over: the service's word, or ours. */
  reason?: string
}

export const begun: Call = { stage: 'calling', with: 'bot', captions: [], media: 'opening', connected: true }

/** More has been said before than anybody scrolls back to. */
const MOST = 400

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const known = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

/** A message, or nothing when it is not one that we know. */
export function read(received: string): FromService | undefined {
  let value: unknown
  try {
    value = JSON.parse(received)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const { type, sdp, who, text, seq, state } = value
  switch (type) {
    case 'connected':
      return typeof sdp === 'string' ? { type, sdp, resume: typeof value.resume === 'string' ? value.resume : undefined } : undefined
    case 'restarted':
      return typeof sdp === 'string' ? { type, sdp } : undefined
    case 'caption':
      if ((who !== 'bot' && who !== 'caller' && who !== 'agent') || typeof text !== 'string' || typeof seq !== 'number') return undefined
      return { type, who, text, seq, final: value.final !== false }
    case 'state':
      if (state !== 'bot' && state !== 'queue' && state !== 'agent') return undefined
      return { type, state, position: known(value.position), wait_s: known(value.wait_s) }
    case 'ended':
      return { type, reason: typeof value.reason === 'string' ? value.reason : '' }
    case 'error':
      return { type, code: typeof value.code === 'string' ? value.code : '', message: typeof value.message === 'string' ? value.message : '' }
    default:
      return undefined
  }
}

/** What is being said now replaces itself until it is final; what was final stays as it is. */
function withCaption(captions: readonly Caption[], next: Caption): readonly Caption[] {
  const at = captions.findIndex(({ seq }) => seq === next.seq)
  if (at >= 0) return captions[at]!.final ? captions : captions.map((each, index) => (index === at ? next : each))
  return [...captions, next].sort((a, b) => a.seq - b.seq).slice(-MOST)
}

export function after(call: Call, message: FromService, now: number): Call {
  if (call.stage === 'over') return call
  switch (message.type) {
    case 'connected':
      return { ...call, stage: 'talking', since: call.since ?? now }
    case 'caption': {
      const { seq, who, text, final } = message
      return { ...call, captions: withCaption(call.captions, { seq, who, text, final }) }
    }
    case 'state':
      return { ...call, with: message.state, position: message.position, wait_s: message.wait_s }
    case 'ended':
      return { ...call, stage: 'over', reason: message.reason, captions: call.captions.filter(({ final, text }) => final || text !== '') }
    case 'error':
      return call.stage === 'calling' ? { ...call, stage: 'over', reason: message.code } : call
    case 'restarted':
      return call
  }
}
