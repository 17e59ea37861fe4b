import { beforeEach, expect, test, vi } from 'vitest'
import type * as Client from '../api/client'
import { Failure } from '../api/client'
import { intents as draftQuery, queries } from '../api/queries'
import type { DraftChange, DraftView, ImportFinding } from '../api/types'
import { withOutOfScope } from './edits'
import { bringsSomething, grouped, LARGEST_FILE, unfit } from './exchange'

/** A service with a draft of some lines out of scope, of which every import adds one. */
const service = vi.hoisted(() => ({ revision: 4, lines: ['sing a song'] }))

vi.mock('../api/client', async (original) => {
  const client = await original<typeof Client>()
  const changed = (revision: number) =>
    revision === service.revision ? service.revision++ : Promise.reject(new client.Failure(412, 'changed', 'The draft was changed.'))
  const http = {
    GET: () => Promise.resolve({ revision: service.revision, intents: [], out_of_scope: service.lines.map((text) => ({ text })), tests: [], lists: [] }),
    PUT: async (_: string, { body }: { body: DraftChange }) => {
      await changed(body.revision)
      service.lines = body.out_of_scope.map(({ text }) => text)
    },
    POST: async (_: string, { params }: { params: { query: { revision?: number } } }) => {
      if (params.query.revision === undefined) return { new_examples: 1, findings: [] }
      await changed(params.query.revision)
      service.lines = [...service.lines, 'imported']
      return { new_examples: 1, findings: [], revision: service.revision }
    },
  }
  return { ...client, http, take: (reply: Promise<unknown>) => reply }
})

const { bringIn, put, snapshot, undoBringing } = await import('./unsaved')
const file = { name: 'faq.csv', bytes: new ArrayBuffer(1) }
const draft = () => queries.getQueryData(draftQuery.queryKey) as DraftView
const typed = (...texts: string[]) =>
  put({
    edits: withOutOfScope(
      draft(),
      snapshot().edits,
      texts.map((text) => ({ text })),
    ),
  })

beforeEach(async () => {
  service.lines = ['sing a song']
  put({ edits: null, stale: false, failure: null, brought: null })
  await queries.fetchQuery({ ...draftQuery, staleTime: 0 })
})

test('what is typed is saved before a file joins the draft; undone, what was typed stays', async () => {
  typed('sing a song', 'typed')
  expect(await bringIn(file)).toBe(true)
  expect(service.lines).toEqual(['sing a song', 'typed', 'imported'])
  expect(snapshot()).toMatchObject({ edits: null, stale: false, brought: { file: 'faq.csv' } })
  expect(draft().revision).toBe(service.revision)
  typed('sing a song', 'typed', 'imported', 'typed later')
  await undoBringing()
  expect(service.lines).toEqual(['sing a song', 'typed'])
  expect(snapshot()).toMatchObject({ brought: null, edits: { out_of_scope: { is: [{ text: 'sing a song' }, { text: 'typed' }, { text: 'typed later' }] } } })
})

test.each([true, false])('somebody else saves first: nothing is added (typed before: %s)', async (something) => {
  if (something) typed('sing a song', 'typed')
  service.revision++
  expect(await bringIn(file)).toBe(false)
  expect(service.lines).toEqual(['sing a song'])
  expect(snapshot()).toMatchObject({ stale: true })
  expect(snapshot().edits !== null).toBe(something)
})

test('an import is not undone over what was saved since', async () => {
  await bringIn(file)
  service.revision++
  service.lines = ['theirs']
  await expect(undoBringing()).rejects.toBeInstanceOf(Failure)
  expect(service.lines).toEqual(['theirs'])
  expect(draft().revision).toBe(service.revision)
})

test.each([
  [[1], undefined],
  [[LARGEST_FILE], undefined],
  [[LARGEST_FILE + 1], 'too_large'],
  [[0], 'empty'],
  [[5, 5], 'several'],
])('files of %j bytes: %s', (sizes, why) => {
  expect(unfit(sizes.map((size) => ({ size })))).toBe(why)
})

const finding = (severity: string, kind: string, item: string, message = 'it is so'): ImportFinding => ({
  severity,
  kind,
  item,
  place: 'nlu.yml, line 3',
  message,
  advice: '',
})

test('findings stand by weight and kind, with those that are only counted', () => {
  const found = grouped([
    finding('note', 'no_place', 'story one'),
    finding('error', 'limit', 'intent a'),
    finding('note', 'repeated_example', 'intent b'),
    finding('note', 'no_place', 'story two'),
    finding('note', 'no_place', 'the report', '37 more findings of this kind'),
    finding('hint', 'new_kind', 'x'),
  ])
  expect(found.map(({ severity, count, kinds }) => [severity, count, kinds.map(({ kind, findings, more }) => [kind, findings.map(({ item }) => item), more])])).toEqual([
    ['error', 1, [['limit', ['intent a'], 0]]],
    ['note', 41, [['no_place', ['story one', 'story two'], 37], ['repeated_example', ['intent b'], 0], ['new_kind', ['x'], 0]]],
  ])
  expect(grouped([])).toEqual([])
})

test('a file without a new line still brings intents without an example', () => {
  expect(bringsSomething({ new_examples: 0, findings: [] })).toBe(false)
  expect(bringsSomething({ new_examples: 2, findings: [] })).toBe(true)
  expect(bringsSomething({ new_examples: 0, findings: [finding('warning', 'no_examples', 'intent a')] })).toBe(true)
})
