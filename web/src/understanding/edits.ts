/**
 * What was changed here and is not saved yet, intent by intent with what it was before: so that a change of somebody else can
 * be taken in line by line, and an intent of the flow becomes a copy only when it is really changed.
 */
import type { DraftChange, DraftView, EntityList, Origin, TrainingLine, TrainingTest } from '../api/types'
import { sameList, tidyList } from './entities/list'
import { mergedBy, mergedList } from './entities/merge'
import { keyOf } from './lines'

export interface Intent {
  name: string
  label: Record<string, string>
  examples: TrainingLine[]
}

interface Change<T> {
  was: T
  is: T
}

/** A missing intent is `null`: one that is new was, one that is removed is. */
export interface Edits {
  /** Of the draft that was changed. */
  revision: number
  intents: Record<string, Change<Intent | null>>
  out_of_scope?: Change<TrainingLine[]>
  tests?: Change<TrainingTest[]>
  /** Lists of what callers name, by the name that they have in the draft; those that are new by a key that is no name there. */
  lists?: Record<string, Change<EntityList | null>>
}

export interface WorkList extends EntityList {
  /** Stays while it is renamed. */
  key: string
  /** Whether it is changed and not saved. */
  edited: boolean
}

export interface WorkIntent extends Intent {
  /** Where it is defined once this is saved. */
  origin: Origin
  /** Whether it is changed and not saved. */
  edited: boolean
}

/** The draft with the changes in it. */
export interface Work {
  intents: WorkIntent[]
  out_of_scope: TrainingLine[]
  tests: TrainingTest[]
  lists: WorkList[]
}

type Served = Pick<DraftView, 'intents' | 'out_of_scope' | 'tests' | 'lists' | 'revision'>

const plain = (intent: Served['intents'][number]): Intent => ({
  name: intent.name,
  label: intent.label ?? {},
  examples: intent.examples ?? [],
})

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

function workLists(draft: Served, edits: Edits | null): WorkList[] {
  const changes = edits?.lists ?? {}
  const lists: WorkList[] = draft.lists.filter(({ name }) => !(name in changes)).map((list) => ({ ...list, key: list.name, edited: false }))
  for (const [key, { is }] of Object.entries(changes)) if (is) lists.push({ ...is, key, edited: true })
  return lists.sort(byName)
}

export function work(draft: Served, edits: Edits | null): Work {
  const changes = edits?.intents ?? {}
  const intents: WorkIntent[] = draft.intents
    .filter(({ name }) => !(name in changes))
    .map((intent) => ({ ...plain(intent), origin: intent.origin, edited: false }))
  for (const { is } of Object.values(changes)) if (is) intents.push({ ...is, origin: 'own', edited: true })
  return {
    intents: intents.sort(byName),
    out_of_scope: edits?.out_of_scope?.is ?? draft.out_of_scope,
    tests: edits?.tests?.is ?? draft.tests,
    lists: workLists(draft, edits),
  }
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

function pruned(edits: Edits): Edits | null {
  const intents = Object.fromEntries(Object.entries(edits.intents).filter(([, { was, is }]) => !same(was, is)))
  const kept: Edits = { revision: edits.revision, intents }
  if (edits.out_of_scope && !same(edits.out_of_scope.was, edits.out_of_scope.is)) kept.out_of_scope = edits.out_of_scope
  if (edits.tests && !same(edits.tests.was, edits.tests.is)) kept.tests = edits.tests
  const lists = Object.entries(edits.lists ?? {}).filter(([, { was, is }]) => !sameList(was, is))
  if (lists.length > 0) kept.lists = Object.fromEntries(lists)
  return Object.keys(intents).length > 0 || kept.out_of_scope || kept.tests || kept.lists ? kept : null
}

const begun = (draft: Served, edits: Edits | null): Edits => edits ?? { revision: draft.revision, intents: {} }

/** Changes one intent; `null` removes it. What is as it was before is no change. */
export function withIntent(draft: Served, edits: Edits | null, name: string, is: Intent | null): Edits | null {
  const before = begun(draft, edits)
  const served = draft.intents.find((intent) => intent.name === name)
  const was = name in before.intents ? (before.intents[name]?.was ?? null) : served ? plain(served) : null
  return pruned({ ...before, intents: { ...before.intents, [name]: { was, is } } })
}

export function withOutOfScope(draft: Served, edits: Edits | null, is: TrainingLine[]): Edits | null {
  const before = begun(draft, edits)
  return pruned({ ...before, out_of_scope: { was: before.out_of_scope?.was ?? draft.out_of_scope, is } })
}

export function withTests(draft: Served, edits: Edits | null, is: TrainingTest[]): Edits | null {
  const before = begun(draft, edits)
  return pruned({ ...before, tests: { was: before.tests?.was ?? draft.tests, is } })
}

/** Changes a list of what callers name; `null` removes it. */
export function withList(draft: Served, edits: Edits | null, key: string, is: EntityList | null): Edits | null {
  const before = begun(draft, edits)
  const known = before.lists?.[key]
  const was = known ? known.was : (draft.lists.find(({ name }) => name === key) ?? null)
  return pruned({ ...before, lists: { ...before.lists, [key]: { was, is } } })
}

/** A key for a list that is new: no list has it, nor can one be called that. */
export function newKey(edits: Edits | null): string {
  let n = 1
  while (edits?.lists?.[`+${n}`]) n++
  return `+${n}`
}

/** How many things are changed: intents, lists of what callers name, and the two lists of lines. */
export const count = (edits: Edits | null): number =>
  edits === null ? 0 : Object.keys(edits.intents).length + Object.keys(edits.lists ?? {}).length + (edits.out_of_scope ? 1 : 0) + (edits.tests ? 1 : 0)

/** What is sent: the draft's own intents and those changed here; lines without a word are left out. */
export function toChange(draft: Served, edits: Edits): DraftChange & { lists: EntityList[] } {
  const { intents, out_of_scope, tests, lists } = work(draft, edits)
  const written = ({ text }: { text: string }) => text.trim() !== ''
  return {
    revision: edits.revision,
    intents: intents
      .filter(({ origin }) => origin === 'own')
      .map(({ name, label, examples }) => ({
        name,
        label: Object.fromEntries(Object.entries(label).filter(([, text]) => text.trim() !== '')),
        examples: examples.filter(written),
      })),
    out_of_scope: out_of_scope.filter(written),
    tests: tests.filter(written),
    lists: lists.map(tidyList),
  }
}

/** Both changes; exactly what was typed where nobody else has changed anything. */
const merged = <T extends { text: string }>(was: readonly T[], is: readonly T[], theirs: readonly T[], key: (line: T) => string): T[] =>
  same(was, theirs) ? [...is] : mergedBy(was, is, theirs, key)

const lineKey = ({ text }: TrainingLine) => keyOf(text) || text
const testKey = ({ text, intent }: TrainingTest) => `${keyOf(text)}\n${intent ?? ''}`

function mergedIntent(was: Intent | null, is: Intent, theirs: Intent): Intent {
  const label = { ...theirs.label }
  for (const language of new Set([...Object.keys(is.label), ...Object.keys(was?.label ?? {})])) {
    const text = is.label[language]
    if (text !== was?.label[language]) label[language] = text ?? ''
  }
  return { name: is.name, label, examples: merged(was?.examples ?? [], is.examples, theirs.examples, lineKey) }
}

/** The same changes on a draft that somebody else has changed in the meantime. */
export function rebase(edits: Edits, newest: Served): Edits | null {
  const after: Edits = { revision: newest.revision, intents: {} }
  for (const [name, { was, is }] of Object.entries(edits.intents)) {
    const served = newest.intents.find((intent) => intent.name === name)
    const theirs = served ? plain(served) : null
    // What is the flow's again cannot be removed here.
    if (is === null) after.intents[name] = { was: theirs, is: served?.origin === 'flow' ? theirs : null }
    else after.intents[name] = { was: theirs, is: theirs ? mergedIntent(was, is, theirs) : is }
  }
  if (edits.out_of_scope) {
    const { was, is } = edits.out_of_scope
    after.out_of_scope = { was: newest.out_of_scope, is: merged(was, is, newest.out_of_scope, lineKey) }
  }
  if (edits.tests) {
    const { was, is } = edits.tests
    after.tests = { was: newest.tests, is: merged(was, is, newest.tests, testKey) }
  }
  if (edits.lists) after.lists = rebasedLists(edits.lists, newest)
  return pruned(after)
}

function rebasedLists(lists: NonNullable<Edits['lists']>, newest: Served): Edits['lists'] {
  const after: NonNullable<Edits['lists']> = {}
  for (const [key, { was, is }] of Object.entries(lists)) {
    // What is new here and there under one name is one list.
    const name = was === null && is ? is.name : key
    const theirs = newest.lists.find((list) => list.name === name) ?? null
    if (is === null) after[name] = { was: theirs, is: null }
    else if (theirs) after[name] = { was: theirs, is: sameList(was, theirs) ? is : mergedList(was, is, theirs) }
    else after[key] = { was: null, is }
  }
  return after
}
