import { expect, test } from 'vitest'
import { open } from '../draft'
import { written } from '../written'
import { addTest, removeTest, testsOf } from './tests'

const document = { id: 'shop', blocks: [], metadata: { author: 'Ada', tests: [{ name: 'hours', steps: [{ hear: 'when are you open' }] }, 'odd'] } }
const steps = [{ keys: '1' }, { expect: { block: 'menu' } }]

test('tests are read, added, replaced by name and removed, and nothing else changes', () => {
  const draft = open(document)
  expect(testsOf(draft).map(({ name }) => name)).toEqual(['hours'])
  const more = addTest(draft, { name: 'menu', steps })
  expect((written(more).metadata as Record<string, unknown>).tests).toEqual([...document.metadata.tests, { name: 'menu', steps }])
  const other = addTest(more, { name: 'hours', steps })
  expect(testsOf(other)).toEqual([
    { name: 'hours', steps },
    { name: 'menu', steps },
  ])
  expect(testsOf(removeTest(other, 'hours'))).toEqual([{ name: 'menu', steps }])
  expect(written(removeTest(more, 'menu'))).toEqual(written(draft))
})

test('without its last test a document has no list of them', () => {
  const draft = open({ id: 'shop', blocks: [], metadata: { author: 'Ada' } })
  expect(written(removeTest(addTest(draft, { name: 'menu', steps }), 'menu'))).toEqual(written(draft))
})
