/** Days and times as flow documents write them, and as people read them. */

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof DAYS)[number]

/** `09:30`, to 23:59. */
export const isTime = (text: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$/.test(text)

/** `2026-12-25`, and a day that there is. */
export function isDay(text: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00Z`) : undefined
  return at !== undefined && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

/** 4 January 2027 is a Monday. */
export const dayName = (day: Day, language: string, length: 'short' | 'long'): string =>
  new Date(Date.UTC(2027, 0, 4 + DAYS.indexOf(day))).toLocaleDateString(language, { weekday: length, timeZone: 'UTC' })

/** `Mon – Fri, Sun`: days in a row are told by the first and the last. */
export function days(chosen: readonly string[], language: string): string {
  const name = (day: Day | undefined) => (day === undefined ? '' : dayName(day, language, 'short'))
  const runs: Day[][] = []
  for (const [index, day] of DAYS.entries()) {
    if (!chosen.includes(day)) continue
    const last = runs.at(-1)
    if (last && last.at(-1) === DAYS[index - 1]) last.push(day)
    else runs.push([day])
  }
  return runs.map((run) => (run.length > 2 ? `${name(run[0])} – ${name(run.at(-1))}` : run.map(name).join(', '))).join(', ')
}

/** A day of the year in words, with its year. */
export const dayInWords = (day: string, language: string): string =>
  isDay(day) ? new Date(`${day}T00:00Z`).toLocaleDateString(language, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }) : day
