/** What is wrong with lists, at its place: what the service would refuse, and what makes callers ambiguous. */
import type { EntityList, EntityValue } from '../../api/types'
import { keyOf } from '../lines'
import { isName, keysOf, LONGEST_PHRASE, MOST_ENTRIES, MOST_LISTS, MOST_PHRASES, wordsOf } from './list'

export type NameFault = 'missing' | 'bad' | 'twice'

export interface Faults {
  value?: NameFault
  /** More phrases than an entry may have. */
  many?: boolean
  /** The first phrase that is too long. */
  long?: string
  /** The first phrase that another entry has too: only one of them can be meant. Saved all the same. */
  shared?: { text: string; at: number }
}

/** Whether an entry says nothing at all: it is left out when the draft is saved. */
const blank = (entry: EntityValue): boolean => entry.value.trim() === '' && wordsOf(entry).length === 0

function valueFault(value: string, times: number): NameFault | undefined {
  if (value.trim() === '') return 'missing'
  if (!isName(value.trim())) return 'bad'
  return times > 1 ? 'twice' : undefined
}

/** The entries with something wrong, by their place in the list. */
export function faultsOf(entries: readonly EntityValue[]): Map<number, Faults> {
  const times = new Map<string, number>()
  const holders = new Map<string, number[]>()
  entries.forEach((entry, at) => {
    if (blank(entry)) return
    times.set(entry.value, (times.get(entry.value) ?? 0) + 1)
    for (const key of keysOf(entry)) holders.set(key, [...(holders.get(key) ?? []), at])
  })
  const found = new Map<number, Faults>()
  entries.forEach((entry, at) => {
    if (blank(entry)) return
    const words = wordsOf(entry)
    const faults: Faults = {}
    const value = valueFault(entry.value, times.get(entry.value) ?? 0)
    if (value) faults.value = value
    if (words.length > MOST_PHRASES) faults.many = true
    const long = words.find((text) => text.length > LONGEST_PHRASE && [...text].length > LONGEST_PHRASE)
    if (long !== undefined) faults.long = long
    const key = [...keysOf(entry)].find((one) => (holders.get(one)?.length ?? 0) > 1)
    const other = key === undefined ? undefined : holders.get(key)?.find((one) => one !== at)
    if (key !== undefined && other !== undefined) faults.shared = { text: words.find((text) => keyOf(text) === key) ?? key, at: other }
    if (Object.keys(faults).length > 0) found.set(at, faults)
  })
  return found
}

/** Whether the service would refuse the entry. */
export const refused = ({ value, many, long }: Faults): boolean => value !== undefined || many === true || long !== undefined

export function nameFault(name: string, others: readonly { name: string }[]): NameFault | undefined {
  return valueFault(name, others.some((other) => other.name === name.trim()) ? 2 : 1)
}

export type Refusal = { kind: 'lists' | 'entries' } | { kind: NameFault; list: string } | { kind: 'entry'; list: string; at: number; value: string }

/** The first thing for which the service would refuse the lists. */
export function refusal(lists: readonly EntityList[]): Refusal | undefined {
  if (lists.length > MOST_LISTS) return { kind: 'lists' }
  if (lists.reduce((sum, { values }) => sum + values.length, 0) > MOST_ENTRIES) return { kind: 'entries' }
  for (const list of lists) {
    const fault = nameFault(list.name, lists.filter((other) => other !== list))
    if (fault) return { kind: fault, list: list.name }
    for (const [at, faults] of faultsOf(list.values)) {
      if (refused(faults)) return { kind: 'entry', list: list.name, at, value: list.values[at]?.value ?? '' }
    }
  }
  return undefined
}
