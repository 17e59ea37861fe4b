/**
 * What was changed here and is not saved yet, intent by intent with what it was before: so that a change of somebody else can
 * be taken in line by line, and an intent of the flow becomes a copy only when it is really changed.
 */
import type { DraftChange, DraftView, Origin, TrainingLine, TrainingTest } from '../api/types'
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
}

type Served = Pick<DraftView, 'intents' | 'out_of_scope' | 'tests' | 'revision'>

const plain = (intent: Served['intents'][number]): Intent => ({
  name: intent.name,
  label: intent.label ?? {},
  examples: intent.examples ?? [],
})

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

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
  }
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

function pruned(edits: Edits): Edits | null {
  const intents = Object.fromEntries(Object.entries(edits.intents).filter(([, { was, is }]) => !same(was, is)))
  const kept: Edits = { revision: edits.revision, intents }
  if (edits.out_of_scope && !same(edits.out_of_scope.was, edits.out_of_scope.is)) kept.out_of_scope = edits.out_of_scope
  if (edits.tests && !same(edits.tests.was, edits.tests.is)) kept.tests = edits.tests
  return Object.keys(intents).length > 0 || kept.out_of_scope || kept.tests ? kept : null
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

/** How many things are changed: intents, and the two lists. */
export const count = (edits: Edits | null): number =>
  edits === null ? 0 : Object.keys(edits.intents).length + (edits.out_of_scope ? 1 : 0) + (edits.tests ? 1 : 0)

/** What is sent: the draft's own intents and those changed here; lines without a word are left out. */
export function toChange(draft: Served, edits: Edits): DraftChange {
  const { intents, out_of_scope, tests } = work(draft, edits)
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
  }
}

/** Theirs, without what was removed here and with what was added. */
function merged<T extends { text: string }>(was: readonly T[], is: readonly T[], theirs: readonly T[], key: (line: T) => string): T[] {
  if (same(was, theirs)) return [...is]
  const keys = (lines: readonly T[]) => new Set(lines.map(key))
  const [before, now, there] = [keys(was), keys(is), keys(theirs)]
  const removed = (line: T) => before.has(key(line)) && !now.has(key(line))
  const added = (line: T) => !before.has(key(line)) && !there.has(key(line))
  return [...theirs.filter((line) => !removed(line)), ...is.filter(added)]
}

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
  return pruned(after)
}
