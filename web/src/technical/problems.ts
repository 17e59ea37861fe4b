/** What went wrong with a call technically: from its journal, its messages and its sound. Pure. */
import type { CallSignalling, Entry, LegView } from '../api/types'
import { verdict, type Verdict } from './sound'

export type Problem =
  | { kind: 'told'; what: string; message: string }
  | { kind: 'cause'; cause: string }
  | { kind: 'refused'; leg: LegView; line: string }
  | { kind: 'no_ack'; leg: LegView }
  | { kind: 'repeated'; leg: LegView; count: number }
  | { kind: 'sound'; leg: LegView; verdict: Verdict }

/** Ends of a call that are nobody's wish, and have a sentence of their own. */
export const causes = ['no_ack', 'no_audio', 'connection_failed', 'media_closed', 'no_codec', 'crash'] as const
/** Problems of the journal that concern the line rather than the flow. */
const technical = ['media', 'answer', 'recording', 'storage']

/** Whether an answer to an INVITE stands there without its ACK. */
function unacknowledged(leg: LegView): boolean {
  const answer = leg.messages.findIndex((m) => m.status !== null && m.status >= 200 && m.status < 300 && m.method === 'INVITE')
  return answer >= 0 && !leg.messages.slice(answer).some((message) => message.status === null && message.method === 'ACK')
}

export function problems({ legs, complete }: CallSignalling, entries: readonly Entry[]): Problem[] {
  const found: Problem[] = []
  for (const entry of entries) {
    if (entry.kind === 'problem' && technical.includes(entry.what)) {
      found.push({ kind: 'told', what: entry.what, message: entry.message })
    } else if (entry.kind === 'hung_up' && causes.some((cause) => cause === entry.cause)) {
      found.push({ kind: 'cause', cause: entry.cause })
    }
  }
  for (const leg of legs) {
    const final = leg.messages.findLast((message) => message.method === 'INVITE' && (message.status ?? 0) >= 400)
    const up = leg.messages.some((m) => m.method === 'INVITE' && m.status !== null && m.status >= 200 && m.status < 300)
    if (final?.status != null && final.status !== 487 && !up) {
      found.push({ kind: 'refused', leg, line: final.start_line.replace(/^SIP\/2\.0 /, '') })
    }
    const known = found.some((problem) => problem.kind === 'cause' && problem.cause === 'no_ack')
    if (complete && !known && unacknowledged(leg)) found.push({ kind: 'no_ack', leg })
    const count = leg.messages.filter((message) => message.repeated).length
    if (count > 0) found.push({ kind: 'repeated', leg, count })
    if (leg.sound) {
      for (const way of ['incoming', 'outgoing'] as const) {
        const judged = verdict(leg.sound, way)
        if (judged.grade === 'bad') found.push({ kind: 'sound', leg, verdict: judged })
      }
    }
  }
  return found
}
