/** Times, durations and shares, by language. */
import type { Language } from '../i18n'

/** `1:05`, `1:02:03`; whole seconds. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1_000))
  const seconds = String(total % 60).padStart(2, '0')
  const minutes = Math.floor(total / 60) % 60
  const hours = Math.floor(total / 3_600)
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`
}

/** `1:05.3`, for the second of audio. */
export const offset = (ms: number): string => `${clock(ms)}.${Math.floor((Math.max(0, ms) % 1_000) / 100)}`

export const ms = (value: number, language: Language): string =>
  `${new Intl.NumberFormat(language).format(Math.round(value))} ms`

export const percent = (share: number, language: Language): string =>
  new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(share)

export const dateTime = (at: number, language: Language): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(at)

/** Today the time, otherwise the day too. */
export function when(at: number, language: Language, now: number): string {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString()
  const day: Intl.DateTimeFormatOptions = sameDay ? {} : { month: 'short', day: 'numeric' }
  return new Intl.DateTimeFormat(language, { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/** `5 min ago`; `now` below a minute. */
export function ago(at: number, language: Language, now: number): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
  const passed = now - at
  for (const [unit, length] of STEPS) if (passed >= length) return format.format(-Math.floor(passed / length), unit)
  return format.format(0, 'second')
}

/** `order_status` → `Order status`: a name from a flow, for people. */
export function words(name: string): string {
  return capitalised(name.replaceAll(/[_-]+/g, ' ').trim())
}

/** As a sentence begins. */
export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** `a, b and c`. */
export const listed = (texts: readonly string[], language: Language): string =>
  new Intl.ListFormat(language, { type: 'conjunction' }).format(texts)
