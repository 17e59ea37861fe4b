/** Turns a journal into the lines of a transcript, in the order in which they could be heard. Leaves drawing to others. */
import type { Entry, EntryOf } from '../api/types'
import { placed, spread, type Piece } from './words'

export type Voice = 'bot' | 'caller' | 'agent'

export interface Spoken {
  type: 'spoken'
  key: string
  voice: Voice
  turn: number
  text: string
  /** The same text in pieces, of which the words play. */
  pieces: readonly Piece[]
  /** Where it begins and ends in the recording. */
  from: number | undefined
  to: number | undefined
  /** The bot was interrupted here. */
  cut: boolean
  heard?: EntryOf<'heard'>
  understood?: EntryOf<'understood'>
  slots: readonly EntryOf<'slot'>[]
}

export interface Keys {
  type: 'keys'
  key: string
  digits: string
  from: number | undefined
  slots: readonly EntryOf<'slot'>[]
}

/** Anything else worth a line: it is not said by anybody. */
export interface Happening {
  type: 'event'
  key: string
  entry: Entry
  from: number | undefined
}

export type Line = Spoken | Keys | Happening

const WORTH_A_LINE = new Set<Entry['kind']>([
  'language',
  'not_heard',
  'no_input',
  'no_match',
  'fetched',
  'consulted',
  'queued',
  'announced',
  'overflowed',
  'wrapped_up',
  'connecting',
  'callback_arranged',
  'rated',
  'tagged',
  'recording',
  'looked_up',
  'ringing',
  'missed',
  'bridged',
  'unbridged',
  'dialled',
  'redirected',
  'continues',
  'held',
  'resumed',
  'transferred',
  'transfer_failed',
  'parked',
  'retrieved',
  'joined',
  'parted',
  'unqueued',
  'ticket_opened',
  'problem',
  'hung_up',
])

const time = (ms: number | null | undefined): number | undefined => ms ?? undefined

export function transcript(entries: readonly Entry[]): Line[] {
  const lines: Line[] = []
  const lastInput = () =>
    lines.findLast(
      (line): line is Spoken | Keys => line.type === 'keys' || (line.type === 'spoken' && line.voice === 'caller'),
    )

  for (const entry of entries) {
    const key = String(entry.seq)
    switch (entry.kind) {
      case 'said': {
        if (entry.text === '' && entry.played_ms === 0) break
        const from = time(entry.audio_ms)
        const to = from === undefined ? undefined : from + entry.played_ms
        lines.push({
          type: 'spoken',
          key,
          voice: 'bot',
          turn: entry.turn,
          text: entry.text,
          pieces: spread(entry.text, from, to),
          from,
          to,
          cut: !entry.completed,
          slots: [],
        })
        break
      }
      case 'heard':
        lines.push({
          type: 'spoken',
          key,
          voice: entry.speaker,
          turn: entry.turn,
          text: entry.text,
          pieces: placed(entry.text, entry.words ?? []),
          from: entry.from_ms,
          to: entry.to_ms,
          cut: false,
          heard: entry,
          slots: [],
        })
        break
      case 'key': {
        const previous = lines.at(-1)
        if (previous?.type === 'keys' && previous.slots.length === 0) previous.digits += entry.digit
        else lines.push({ type: 'keys', key, digits: entry.digit, from: time(entry.audio_ms), slots: [] })
        break
      }
      case 'understood': {
        const line = lastInput()
        if (line?.type === 'spoken') line.understood = entry
        break
      }
      case 'slot': {
        const line = lastInput()
        if (line) line.slots = [...line.slots, entry]
        break
      }
      default:
        if (WORTH_A_LINE.has(entry.kind)) {
          const from = entry.kind === 'not_heard' ? entry.from_ms : time(entry.audio_ms)
          lines.push({ type: 'event', key, entry, from })
        }
    }
  }
  return inOrder(lines)
}

/** By the second of audio; a line without one stays behind the line before it. */
function inOrder(lines: Line[]): Line[] {
  let last = -1
  const placed = lines.map((line, index) => {
    last = line.from ?? last
    return { line, index, from: line.from ?? last }
  })
  return placed.sort((a, b) => a.from - b.from || a.index - b.index).map(({ line }) => line)
}

/** The line that sounds at a moment: the last spoken one that has begun and, give or take a breath, not ended. */
export function lineAt(lines: readonly Line[], ms: number): string | undefined {
  let found: string | undefined
  for (const line of lines) {
    if (line.type === 'event' || line.from === undefined) continue
    if (line.from > ms) break
    const end = line.type === 'spoken' ? (line.to ?? line.from) : line.from + 800
    if (ms <= end + 250) found = line.key
  }
  return found
}

/** The line to jump to with the keys: before or after the moment. */
export function neighbour(lines: readonly Line[], ms: number, step: 1 | -1): Line | undefined {
  const audible = lines.filter((line) => line.type !== 'event' && line.from !== undefined)
  return step === 1
    ? audible.find((line) => (line.from ?? 0) > ms + 20)
    : audible.findLast((line) => (line.from ?? 0) < ms - 600)
}
