/** Reads a call's state out of its journal: pure, so the list, the live cards and the call page agree. */
import type { CallState, CallSummary, Entry, Outcome } from '../api/types'

/** What was asked for, with what the stream added; each entry once, in order. */
export function merge(asked: readonly Entry[], heard: readonly Entry[]): readonly Entry[] {
  const last = asked.at(-1)?.seq ?? 0
  const news = heard.filter((entry) => entry.seq > last)
  return news.length === 0 ? asked : [...asked, ...news]
}

/** What to call whoever calls. */
export const callerName = ({ from, channel }: Pick<CallSummary, 'from' | 'channel'>, t: (key: string) => string): string =>
  from !== '' ? from : t(channel === 'chat' ? 'call.chat' : channel === 'web' ? 'call.web' : 'call.withheld')

export const blank = (id: string): CallSummary => ({
  id,
  started_at: 0,
  ended_at: null,
  channel: null,
  from: '',
  to: '',
  flow: '',
  outcome: null,
  intent: null,
  state: 'ringing',
  agent: null,
  ticket: null,
  duration_ms: null,
  turns: 0,
  wire_p50_ms: null,
})

/** The summary after one more entry. Applying an entry twice changes nothing. */
export function after(call: CallSummary, entry: Entry): CallSummary {
  const state = (next: CallState): CallSummary => ({ ...call, state: call.ended_at != null ? 'ended' : next })
  switch (entry.kind) {
    case 'offered':
      return { ...state('ringing'), started_at: entry.at, channel: entry.channel, from: entry.from, to: entry.to, flow: entry.flow }
    case 'answered':
    case 'unbridged':
    case 'unqueued':
      return state('bot')
    case 'queued':
    case 'connecting':
    case 'parked':
      return state('queued')
    case 'bridged':
      return { ...state('agent'), agent: entry.agent }
    case 'heard':
      return { ...call, turns: Math.max(call.turns, entry.turn) }
    case 'understood':
      return entry.decision === 'accepted' ? { ...call, intent: entry.ranking[0]?.intent ?? call.intent } : call
    case 'ended':
      return {
        ...call,
        state: 'ended',
        ended_at: entry.at,
        outcome: entry.outcome,
        duration_ms: entry.duration_ms,
      }
    default:
      return call
  }
}

export const summarise = (id: string, entries: readonly Entry[], base?: CallSummary): CallSummary =>
  entries.reduce(after, base ?? blank(id))

/** The last intent reading, whatever was decided. */
export function understanding(entries: readonly Entry[]) {
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i]
    if (entry?.kind === 'understood') return entry
  }
  return undefined
}

/** The block the call stands in. */
export function blockNow(entries: readonly Entry[]): string | undefined {
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i]
    if (entry?.kind === 'entered') return entry.block
  }
  return undefined
}

export const outcomes: readonly Outcome[] = ['resolved', 'agent', 'callback', 'voicemail', 'abandoned', 'failed']
