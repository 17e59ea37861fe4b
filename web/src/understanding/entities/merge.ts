/** A list that was changed here and by somebody else: entry by entry both changes; where they meet, what was typed here. */
import type { EntityList, EntityValue } from '../../api/types'
import { keyOf } from '../lines'

/** Theirs, without what was removed here and with what was added. */
export function mergedBy<T>(was: readonly T[], is: readonly T[], theirs: readonly T[], key: (one: T) => string): T[] {
  const keys = (all: readonly T[]) => new Set(all.map(key))
  const [before, now, there] = [keys(was), keys(is), keys(theirs)]
  const removed = (one: T) => before.has(key(one)) && !now.has(key(one))
  const added = (one: T) => !before.has(key(one)) && !there.has(key(one))
  return [...theirs.filter((one) => !removed(one)), ...is.filter(added)]
}

const languages = (...all: (Record<string, unknown> | undefined)[]) => new Set(all.flatMap((one) => Object.keys(one ?? {})))

function mergedEntry(was: EntityValue | undefined, is: EntityValue, theirs: EntityValue): EntityValue {
  const label: Record<string, string> = { ...theirs.label }
  for (const language of languages(is.label, was?.label)) {
    const text = is.label?.[language] ?? ''
    if (text !== (was?.label?.[language] ?? '')) label[language] = text
  }
  const phrases: Record<string, string[]> = {}
  for (const language of languages(was?.phrases, is.phrases, theirs.phrases)) {
    const of = (entry: EntityValue | undefined) => entry?.phrases?.[language] ?? []
    phrases[language] = mergedBy(of(was), of(is), of(theirs), keyOf)
  }
  return { value: is.value, label, phrases }
}

export function mergedList(was: EntityList | null, is: EntityList, theirs: EntityList): EntityList {
  const name = was && is.name === was.name ? theirs.name : is.name
  const before = new Map(was?.values.map((entry) => [entry.value, entry]))
  const now = new Map(is.values.map((entry) => [entry.value, entry]))
  const values = mergedBy(was?.values ?? [], is.values, theirs.values, ({ value }) => value).map((entry) => {
    const mine = now.get(entry.value)
    const old = before.get(entry.value)
    return mine && mine !== entry && mine !== old ? mergedEntry(old, mine, entry) : entry
  })
  // An entry that they removed and that was changed here is kept.
  const there = new Set(theirs.values.map(({ value }) => value))
  const changed = is.values.filter((entry) => {
    const old = before.get(entry.value)
    return !there.has(entry.value) && old !== undefined && JSON.stringify(old) !== JSON.stringify(entry)
  })
  return { name, values: [...values, ...changed] }
}
