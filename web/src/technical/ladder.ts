/** A call's messages as a sequence diagram: who stands in which column, and one row for each message, by time. Pure. */
import type { CallSignalling, LegView, MessageView } from '../api/types'

/** A silence this long is told between two messages. */
const GAP_US = 1_000_000
/** What the service keeps of a leg; of longer ones the middle is left out. */
const MOST_MESSAGES = 64

export interface Column {
  key: string
  /** Nothing for Hotline itself. */
  leg?: LegView
  address: string
  protocol: string
}

export type Tone = 'request' | 'progress' | 'good' | 'other' | 'bad'

export interface Row {
  key: string
  message: MessageView
  leg: LegView
  /** The columns that the arrow leads from and to. */
  from: number
  to: number
  /** `INVITE`, or `200 OK`. */
  label: string
  /** Of a response: what it answers. */
  about: string | undefined
  tone: Tone
  /** Silence before it, in microseconds, when there was much. */
  gap: number | undefined
}

export interface Ladder {
  columns: Column[]
  rows: Row[]
  /** Hotline's column. */
  hotline: number
  /** Legs of which the middle was left out. */
  cut: LegView[]
}

const columnKey = (leg: LegView, message: MessageView) => `${leg.number} ${message.peer}`

function columnsOf(leg: LegView): Column[] {
  const columns = new Map<string, Column>()
  for (const message of leg.messages) {
    const key = columnKey(leg, message)
    if (!columns.has(key)) columns.set(key, { key, leg, address: message.peer, protocol: message.protocol })
  }
  return [...columns.values()]
}

/** Challenges, and what ends a cancelled call, are refusals that nothing is wrong with. */
const USUAL = [401, 407, 487]

export function toneOf(status: number | null): Tone {
  if (status === null) return 'request'
  if (status < 200) return 'progress'
  if (status < 300) return 'good'
  return status < 400 || USUAL.includes(status) ? 'other' : 'bad'
}

/** The caller's side on the left of Hotline, whom Hotline called on its right. */
export function ladder({ legs }: Pick<CallSignalling, 'legs'>): Ladder {
  const left = legs.filter((leg) => leg.role === 'caller').flatMap(columnsOf)
  const right = legs.filter((leg) => leg.role !== 'caller').flatMap(columnsOf)
  const first = legs.flatMap((leg) => leg.messages)[0]
  const own: Column = { key: 'hotline', address: first?.local ?? '', protocol: '' }
  const columns = [...left, own, ...right]
  const place = new Map(columns.map((column, index) => [column.key, index]))
  const hotline = left.length
  const all = legs.flatMap((leg) => leg.messages.map((message, index) => ({ leg, message, index })))
  all.sort((a, b) => a.message.after_us - b.message.after_us)
  let before: number | undefined
  const rows = all.map(({ leg, message, index }): Row => {
    const peer = place.get(columnKey(leg, message)) ?? hotline
    const passed = before === undefined ? 0 : message.after_us - before
    before = message.after_us
    const response = message.status !== null
    return {
      key: `${leg.number}.${index}`,
      message,
      leg,
      from: message.sent ? hotline : peer,
      to: message.sent ? peer : hotline,
      label: response ? message.start_line.replace(/^SIP\/2\.0 /, '') : message.method,
      about: response ? message.method : undefined,
      tone: toneOf(message.status),
      gap: passed >= GAP_US ? passed : undefined,
    }
  })
  return { columns, rows, hotline, cut: legs.filter((leg) => leg.messages.length >= MOST_MESSAGES) }
}

/** `0.0123`, `31.586`: seconds, as fine as a local network is fast. */
export const seconds = (us: number): string => (us / 1e6).toFixed(us < 10_000_000 ? 4 : us < 1_000_000_000 ? 3 : 1)
