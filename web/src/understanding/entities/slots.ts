/** The kinds of values that can be tried, what is asked for them, and how what was found is written. */
import type { FoundValue, WantedSlot } from '../../api/types'

export const kinds = ['number', 'quantity', 'money', 'date', 'time', 'date_time', 'duration', 'phone', 'digits', 'code', 'yes_no', 'name'] as const
export type Kind = (typeof kinds)[number]
export const isKind = (name: string): name is Kind => kinds.some((kind) => kind === name)

/** As many as the service looks for at once. */
export const MOST_SLOTS = 32
const LIST = 'list:'

/** A choice in the box: a kind, or a list by name. */
export const listChoice = (name: string): string => `${LIST}${name}`
export const listOf = (choice: string): string | undefined => (choice.startsWith(LIST) ? choice.slice(LIST.length) : undefined)

/** What is asked: of the lists those that are published, and a code only with its form. */
export function wanted(choices: readonly string[], published: ReadonlySet<string>, form: string): WantedSlot[] {
  return choices.slice(0, MOST_SLOTS).flatMap((choice): WantedSlot[] => {
    const list = listOf(choice)
    if (list !== undefined) return published.has(list) ? [{ name: choice, kind: 'list', list }] : []
    if (!isKind(choice)) return []
    if (choice === 'code') return form.trim() === '' ? [] : [{ name: choice, kind: choice, form: form.trim() }]
    return [{ name: choice, kind: choice }]
  })
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** The canonical form, as flows and other programs get it. Yes and no, and the words for entries, are left to the language files. */
export function written(value: FoundValue['value']): string {
  const about = value['approximate'] === true ? '≈ ' : ''
  switch (value.type) {
    case 'number':
      return about + text(value['number'])
    case 'quantity':
      return `${about}${text(value['amount'])} ${text(value['unit'])}`.trim()
    case 'money':
      return `${text(value['amount'])} ${text(value['currency'])}`.trim()
    case 'date_range':
    case 'time_range':
      return `${text(value['from'])} – ${text(value['to'])}`
    case 'date_time':
      return text(value['local'])
    case 'duration':
      return text(value['length'])
    case 'item':
      return text(value['id'])
    case 'yes_no':
      return value['yes'] === true ? 'yes' : 'no'
    default: {
      const { type, ...rest } = value
      const own = rest[type] ?? rest[{ phone: 'number' }[type] ?? '']
      return text(own) || JSON.stringify(rest)
    }
  }
}

/** The parts of a text that were found, in order; where two meet, the first. */
export function marked(said: string, found: readonly Pick<FoundValue, 'text'>[]): { text: string; found: boolean }[] {
  const low = said.toLowerCase()
  const spans = found
    .map(({ text: words }) => [low.indexOf(words.toLowerCase()), words.length] as const)
    .filter(([begin, length]) => begin >= 0 && length > 0)
    .sort(([a], [b]) => a - b)
  const parts: { text: string; found: boolean }[] = []
  let end = 0
  for (const [begin, length] of spans) {
    if (begin < end) continue
    if (begin > end) parts.push({ text: said.slice(end, begin), found: false })
    parts.push({ text: said.slice(begin, begin + length), found: true })
    end = begin + length
  }
  if (end < said.length) parts.push({ text: said.slice(end), found: false })
  return parts
}
