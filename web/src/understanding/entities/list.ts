/**
 * Lists of what callers name, as the console works with them: how much they hold, how names are written, and what is said of an
 * entry. The service judges again when a draft is saved.
 */
import type { EntityList, EntityValue } from '../../api/types'
import { keyOf, type LineLanguage } from '../lines'

export const MOST_LISTS = 200
/** Of all lists together. */
export const MOST_ENTRIES = 10_000
/** Of an entry, its labels counted too. */
export const MOST_PHRASES = 100
/** Characters. */
export const LONGEST_PHRASE = 200
export const LONGEST_NAME = 64

export const spoken: readonly LineLanguage[] = ['en', 'zh-CN']

/** A letter, then letters, digits and `_`: for lists and for what is kept of an entry. */
export const isName = (name: string): boolean => name.length <= LONGEST_NAME && /^[A-Za-z]\w*$/.test(name)

/** The name that a text would have: `Café crème` → `cafe_creme`; `''` when nothing in it can be written in a name. */
export function nameOf(text: string): string {
  const bare = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/['’]/g, '')
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
  return bare.slice(0, LONGEST_NAME).replace(/_+$/, '')
}

/** A name made of a text that is not among those taken. Where the text gives none (Chinese, `28"`), the list's own name helps. */
export function freeName(text: string, list: string, taken: ReadonlySet<string>): string {
  const made = nameOf(text)
  const prefix = isName(list) ? list : 'entry'
  const begin = isName(made) ? made : made === '' ? prefix : nameOf(`${prefix} ${made}`)
  // A name that says nothing of the text is always numbered.
  if (made !== '' && !taken.has(begin)) return begin
  for (let n = made === '' ? 1 : 2; ; n++) {
    const end = `_${n}`
    const name = begin.slice(0, LONGEST_NAME - end.length) + end
    if (!taken.has(name)) return name
  }
}

/** What callers may say for an entry. */
export const wordsOf = ({ label = {}, phrases = {} }: EntityValue): string[] =>
  [...Object.values(label), ...Object.values(phrases).flat()].filter((text) => text.trim() !== '')

/** How the service reads an entry without words. */
export const readAs = (value: string): string => value.replaceAll('_', ' ')

const keys = new WeakMap<EntityValue, ReadonlySet<string>>()

/** The keys of an entry's words: lists are long and their entries rarely change, so each is reckoned once. */
export function keysOf(entry: EntityValue): ReadonlySet<string> {
  let found = keys.get(entry)
  if (!found) {
    const words = wordsOf(entry)
    found = new Set((words.length > 0 ? words : [readAs(entry.value)]).map(keyOf).filter((key) => key !== ''))
    keys.set(entry, found)
  }
  return found
}

/** Whether an entry is looked for with these words, in small letters. */
export const matches = (entry: EntityValue, wanted: string): boolean =>
  wanted === '' || [entry.value, ...wordsOf(entry)].some((text) => text.toLowerCase().includes(wanted))

/** An entry without languages and words that say nothing. */
export function tidy({ value, label = {}, phrases = {} }: EntityValue): EntityValue {
  const labels = Object.entries(label).flatMap(([language, text]) => (text.trim() === '' ? [] : [[language, text.trim()] as const]))
  const said = Object.entries(phrases).flatMap(([language, texts]) => {
    const kept = texts.map((text) => text.trim()).filter((text) => text !== '')
    return kept.length === 0 ? [] : [[language, kept] as const]
  })
  return {
    value: value.trim(),
    ...(labels.length > 0 && { label: Object.fromEntries(labels) }),
    ...(said.length > 0 && { phrases: Object.fromEntries(said) }),
  }
}

/** A list as it is sent; entries that say nothing at all are left out. */
export const tidyList = ({ name, values }: EntityList): EntityList => ({
  name,
  values: values.map(tidy).filter((entry) => entry.value !== '' || wordsOf(entry).length > 0),
})

/** The order of languages and of their absence is no difference. */
function sameEntry(a: EntityValue, b: EntityValue): boolean {
  if (a === b) return true
  const plain = (entry: EntityValue) => {
    const { value, label = {}, phrases = {} } = tidy(entry)
    return JSON.stringify([value, Object.entries(label).sort(), Object.entries(phrases).sort()])
  }
  return plain(a) === plain(b)
}

export const sameList = (a: EntityList | null | undefined, b: EntityList | null | undefined): boolean =>
  a === b ||
  (a != null &&
    b != null &&
    a.name === b.name &&
    a.values.length === b.values.length &&
    a.values.every((entry, at) => sameEntry(entry, b.values[at] as EntityValue)))

/** Entries that came, went and are different. */
export function difference(was: readonly EntityValue[], is: readonly EntityValue[]): { added: string[]; removed: string[]; changed: string[] } {
  const before = new Map(was.map((entry) => [entry.value, entry]))
  const after = new Map(is.map((entry) => [entry.value, entry]))
  const changed = ([value, entry]: [string, EntityValue]) => {
    const old = before.get(value)
    return old !== undefined && !sameEntry(old, entry)
  }
  return {
    added: [...after.keys()].filter((value) => !before.has(value)),
    removed: [...before.keys()].filter((value) => !after.has(value)),
    changed: [...after].filter(changed).map(([value]) => value),
  }
}
