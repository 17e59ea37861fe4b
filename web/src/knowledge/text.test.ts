import { expect, test } from 'vitest'
import { articleOf, blank, dayOf, formOf, questionsOf, read, startOf, typedOf } from './text'

test('an article that is read and written again is the same', () => {
  const article = {
    questions: ['When are you open?', 'Opening hours'],
    ear: 'Nine to six.',
    eye: 'From **nine** to six.',
    language: 'en' as const,
    tags: ['shop'],
    audience: 'agent' as const,
    review: 'approved' as const,
    valid_from: startOf('2026-03-01'),
    // The first of April: told through the last of March.
    valid_until: startOf('2026-04-01'),
  }
  const typed = typedOf({ article })
  expect([typed.from, typed.until]).toEqual(['2026-03-01', '2026-03-31'])
  expect(articleOf(typed)).toEqual(article)
})

test('questions are lines with words', () => {
  expect(questionsOf({ ...blank('en'), questions: ' When?\n\n  Where? \n' })).toEqual(['When?', 'Where?'])
})

test('days without a date are no limit', () => {
  expect([startOf(''), startOf('soon'), dayOf(null), dayOf(undefined)]).toEqual([null, null, '', ''])
})

test('a draft is read, and what is none is not', () => {
  const typed = blank('zh-CN', '几点开门？')
  expect(read(JSON.stringify(typed))).toEqual(typed)
  for (const text of ['', '{', 'null', '[]', '"x"', '{"questions":""}']) expect(read(text)).toBeUndefined()
})

test('a file is read by its name', () => {
  const names = ['faq.md', 'faq.CSV', 'faq.tsv', 'faq.html', 'FAQ.HTM', 'faq']
  expect(names.map(formOf)).toEqual(['markdown', 'csv', 'csv', 'web', 'web', 'markdown'])
})
