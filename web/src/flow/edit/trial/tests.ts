/** The tests that a flow brings along, in `metadata.tests` of its document. */
import { isMembers, type Draft } from '../draft'
import type { Test } from './call'

const listOf = (draft: Draft): readonly unknown[] => (Array.isArray(draft.metadata.tests) ? (draft.metadata.tests as unknown[]) : [])

const isTest = (value: unknown): value is Test => isMembers(value) && typeof value.name === 'string' && Array.isArray(value.steps)

/** Those that can be read; others stay in the document and are the validator's to tell about. */
export const testsOf = (draft: Draft): Test[] => listOf(draft).filter(isTest)

function withTests(draft: Draft, tests: readonly unknown[]): Draft {
  const { layout, ...other } = draft.metadata
  const members = Object.fromEntries(Object.entries({ ...other, tests }).filter(([name]) => name !== 'tests' || tests.length > 0))
  return { ...draft, metadata: { ...members, layout } }
}

/** Adds a test; one of the same name makes room for it. */
export const addTest = (draft: Draft, test: Test): Draft => {
  const before = listOf(draft)
  const at = before.findIndex((other) => isTest(other) && other.name === test.name)
  return withTests(draft, at < 0 ? [...before, test] : before.with(at, test))
}

export const removeTest = (draft: Draft, name: string): Draft => withTests(draft, listOf(draft).filter((test) => !isTest(test) || test.name !== name))
