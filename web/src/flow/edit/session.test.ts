import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Failure } from '../../api/client'
import type { BlockSpec } from '../document'
import * as api from './api'
import { blockOf } from './draft'
import { setMember } from './params'
import { specs as table } from './sample'
import { session } from './session'

vi.mock('./api', () => ({ save: vi.fn(), check: vi.fn(), draftQuery: { queryKey: ['draft'], queryFn: vi.fn() } }))

const specs = new Map<string, BlockSpec>(table.map((spec) => [spec.name, spec]))
const view = (revision: number, name: string): api.DraftView => ({
  revision,
  document: { id: 'f', name, blocks: [{ id: 'hello', type: 'say' }], start: 'hello' },
  findings: [{ severity: 'error', code: 'unwired_edge', place: '/blocks/0/edges', block: 'hello', message: '', fix: '' }],
  live: null,
  live_document: {},
  changed: false,
  saved_by: 'ann',
  saved_at: 5,
})
const named = (name: string) => (draft: Parameters<typeof setMember>[0]) => setMember(draft, 'name', name)
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const store = new Map<string, string>()

beforeEach(() => {
  vi.useFakeTimers()
  store.clear()
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => void store.set(key, value),
    removeItem: (key: string) => void store.delete(key),
  })
  vi.mocked(api.save).mockReset().mockImplementation((revision) => Promise.resolve({ revision: revision + 1, findings: [] }))
  vi.mocked(api.check).mockReset().mockResolvedValue({ findings: [] })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('what is typed is checked and saved, and kept in the tab until then', async () => {
  const visit = session(view(3, 'Old'), specs)
  expect(visit.edit.findings()).toHaveLength(1)
  visit.edit.change(named('New'))
  await pass(400)
  expect(store.size).toBe(1)
  expect(visit.edit.findings()).toHaveLength(0)
  await pass(1_000)
  expect(visit.isSaved()).toBe(true)
  expect(vi.mocked(api.save).mock.calls.map(([revision, { name }]) => [revision, name])).toEqual([[3, 'New']])
  expect(store.size).toBe(0)
})

test('what was not saved before a reload is there after it, and is saved', async () => {
  const before = session(view(3, 'Old'), specs)
  before.edit.change(named('New'))
  before.keepNow()
  before.leave()
  vi.mocked(api.save).mockClear()
  const again = session(view(3, 'Old'), specs)
  expect(again.edit.draft().name).toBe('New')
  await pass(1_000)
  expect(again.isSaved()).toBe(true)
})

test('somebody else\'s change is taken over when nothing here is in its way', () => {
  const visit = session(view(3, 'Old'), specs)
  visit.seen(view(3, 'Old'))
  expect(visit.state().taken).toBeUndefined()
  visit.seen(view(4, 'Theirs'))
  expect(visit.edit.draft().name).toBe('Theirs')
  expect(visit.state().taken).toEqual({ by: 'ann', at: 5 })
  expect(visit.edit.canUndo()).toBe(false)
})

test('whoever is overtaken keeps both, and can go on from theirs and come back', async () => {
  const visit = session(view(3, 'Old'), specs)
  visit.edit.change(named('Mine'))
  visit.seen(view(4, 'Theirs'))
  await pass(60_000)
  expect(vi.mocked(api.save)).not.toHaveBeenCalled()
  expect(visit.edit.draft().name).toBe('Mine')
  expect(visit.state().theirs?.document.name).toBe('Theirs')
  visit.goOnFromTheirs()
  expect(visit.edit.draft().name).toBe('Theirs')
  expect(visit.isSaved()).toBe(true)
  visit.edit.undo()
  await pass(1_000)
  expect(vi.mocked(api.save).mock.calls.map(([revision, { name }]) => [revision, name])).toEqual([[4, 'Mine']])
})

test('a save that comes too late asks what there is now', async () => {
  const { queries } = await import('../../api/queries')
  vi.mocked(api.save).mockRejectedValueOnce(new Failure(412, 'changed', ''))
  vi.spyOn(queries, 'fetchQuery').mockResolvedValueOnce(view(9, 'Theirs'))
  const visit = session(view(3, 'Old'), specs)
  visit.edit.change(named('Mine'))
  await pass(1_000)
  expect(visit.state()).toMatchObject({ save: { is: 'overtaken' }, theirs: { revision: 9 } })
  expect(store.size).toBe(1)
})

test('a reload after being overtaken still shows both', () => {
  const before = session(view(3, 'Old'), specs)
  before.edit.change(named('Mine'))
  before.keepNow()
  const again = session(view(5, 'Theirs'), specs)
  expect(again.edit.draft().name).toBe('Mine')
  expect(again.state().theirs?.revision).toBe(5)
  expect(blockOf(again.edit.draft(), 'hello')).toBeDefined()
})
