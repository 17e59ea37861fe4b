/** What an agent has to know in two seconds, read out of a call's journal: what the caller wants, what they told, what was tried. Pure. */
import type { Entry, EntryOf } from '../api/types'

export interface Story {
  intent?: { name: string; confidence: number }
  /** What was collected, as it is now. */
  slots: readonly { name: string; value: string }[]
  /** What the bot did and what came of it, oldest first. */
  tried: readonly Entry[]
  /** The bot's own summary, as it was made when the caller was handed over. */
  brief: string
  queue?: string
  /** How long the caller waited for a person. */
  waited_ms?: number
  /** Nobody but people has spoken: there is nothing to tell. */
  direct: boolean
}

const TRIED = new Set<Entry['kind']>(['fetched', 'consulted', 'looked_up', 'no_match', 'no_input', 'callback_arranged', 'rated', 'transfer_failed', 'missed'])
const MOST = 8

/** Of the same thing again and again only the last counts. */
function lasting(entries: readonly Entry[]): Entry[] {
  return entries.filter((entry, index) => {
    const next = entries[index + 1]
    return next?.kind !== entry.kind || (entry.kind !== 'no_match' && entry.kind !== 'no_input')
  })
}

export function storyOf(entries: readonly Entry[]): Story {
  const slots = new Map<string, string>()
  let understood: EntryOf<'understood'> | undefined
  let queued: EntryOf<'queued'> | undefined
  let waited: number | undefined
  let answered = false
  for (const entry of entries) {
    switch (entry.kind) {
      case 'understood':
        if (entry.decision === 'accepted') understood = entry
        break
      case 'slot':
        slots.set(entry.name, entry.value)
        break
      case 'queued':
        queued = entry
        break
      case 'bridged':
        waited = entry.waited_ms
        break
      case 'said':
      case 'entered':
        answered = true
        break
      default:
    }
  }
  const best = understood?.ranking[0]
  return {
    intent: best && { name: best.intent, confidence: best.confidence },
    slots: [...slots].map(([name, value]) => ({ name, value })),
    tried: lasting(entries.filter(({ kind }) => TRIED.has(kind))).slice(-MOST),
    brief: queued?.brief ?? '',
    queue: queued?.queue,
    waited_ms: waited,
    direct: !answered,
  }
}

/** What the caller said last that an article could answer: a few words at least. */
export function lastQuestion(entries: readonly Entry[]): string | undefined {
  for (let at = entries.length - 1; at >= 0; at -= 1) {
    const entry = entries[at]
    if (entry?.kind === 'heard' && entry.speaker === 'caller' && isSaying(entry.text)) return entry.text
  }
  return undefined
}

/** Chinese is written without spaces: there characters count. */
const isSaying = (text: string): boolean => text.trim().split(/\s+/).length >= 3 || [...text.matchAll(/[\u3400-\u9fff]/g)].length >= 4
