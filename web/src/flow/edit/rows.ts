/** A row of a table in one line, so that long tables can be looked through with their rows closed. */
import type { FieldSpec } from '../document'
import { dayInWords, days } from './calendar'
import { isMembers } from './draft'

/** Above so many, one row at a time is open. */
export const MANY_ROWS = 5
const LONGEST = 60

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1).trimEnd()}…` : text)

function cell(value: unknown, { type, name }: FieldSpec, language: string): string {
  if (value === undefined || value === '') return ''
  if (type.kind === 'weekdays' && Array.isArray(value)) return days(value.map(String), language)
  if (typeof value === 'string') return type.kind === 'date' ? dayInWords(value, language) : value
  if (typeof value === 'number') return name === 'percent' ? `${value} %` : String(value)
  if (type.kind === 'texts' && isMembers(value)) {
    const text = value[language] ?? Object.values(value)[0]
    return typeof text === 'string' ? text : ''
  }
  return ''
}

/** Times that belong together stand together: `09:00 – 17:30`. */
export function rowInWords(row: Readonly<Record<string, unknown>>, columns: readonly FieldSpec[], language: string): string {
  const words: string[] = []
  let before: FieldSpec | undefined
  for (const column of columns) {
    const text = cell(row[column.name], column, language)
    if (text === '') continue
    const isSpan = (before?.type.kind === 'time' && column.type.kind === 'time') || (before?.type.kind === 'date' && column.type.kind === 'date')
    const last = words.at(-1)
    if (isSpan && last !== undefined) words[words.length - 1] = `${last} – ${text}`
    else words.push(text)
    before = column
  }
  return cut(words.join(' · '))
}
