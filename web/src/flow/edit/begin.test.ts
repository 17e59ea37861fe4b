import { expect, test } from 'vitest'
import type { ImportItem, Imported } from './api'
import { inOrder, replaced, toFinish, wordsOf, worst } from './begin'
import { open } from './draft'

const item = (source: string, status: ImportItem['status'], block: string | null): ImportItem => ({ source, kind: 'say', status, block, message: '' })
const items = [item('a', 'mapped', 'a'), item('b', 'not_mapped', 'b'), item('c', 'partly', 'a'), item('d', 'not_mapped', null), item('e', 'mapped', 'a')]

test('what needs a person comes first, and is what is left to do', () => {
  expect(inOrder(items).map(({ source }) => source)).toEqual(['b', 'd', 'c', 'a', 'e'])
  const imported = { format: 'hotline', document: {}, findings: [], report: { mapped: 2, partly: 1, not_mapped: 2, items } } satisfies Imported
  expect(toFinish(imported).map(({ source }) => source)).toEqual(['b', 'd', 'c'])
})

test('a block is marked by the worst that is said of it', () => {
  expect([...worst(items)].sort()).toEqual([
    ['a', 'partly'],
    ['b', 'not_mapped'],
  ])
})

test('another document takes the place of the draft, whose id stays', () => {
  const document = { id: 'order-status', name: 'Order status', start: 'x', blocks: [{ id: 'x', type: 'end' }] }
  const next = replaced(open({ id: 'shop', name: 'Shop', person: 'people', blocks: [{ id: 'people', type: 'end' }] }), document)
  expect(next).toMatchObject({ id: 'shop', name: 'Order status', start: 'x', blocks: [{ id: 'x' }] })
  expect(next.person).toBeUndefined()
  expect(next.metadata.layout).toHaveProperty('x')
  expect(replaced(open({}), document).id).toBe('order-status')
})

test('a template is told in the language of the page', () => {
  const template = { id: '', document: {}, name_en: 'Survey', name_zh: '调查', help_en: 'Asks', help_zh: '询问' }
  expect(wordsOf(template, 'en')).toEqual({ name: 'Survey', help: 'Asks' })
  expect(wordsOf(template, 'zh-CN')).toEqual({ name: '调查', help: '询问' })
})
