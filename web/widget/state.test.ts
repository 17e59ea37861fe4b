import { expect, test } from 'vitest'
import en from './locales/en.json'
import zh from './locales/zh-CN.json'
import type { Message } from './messages'
import { after, captions, empty, failed, sending, withdrawn } from './state'
import { languageOf, words } from './words'

const at = 0
const question = { question: 1, form: { kind: 'text' as const }, choices: [], secret: false, back: false, person: true }
const told: Message[] = [
  { id: 1, at, kind: 'said', text: 'Hello.', language: 'en' },
  { id: 2, at, kind: 'asking', ...question },
  { id: 3, at, kind: 'you', text: 'where is my order', reference: 'r1' },
  { id: 4, at, kind: 'working' },
  { id: 5, at, kind: 'said', text: 'On its way.', language: 'en' },
  { id: 6, at, kind: 'ended', outcome: 'resolved', cause: 'normal' },
]
const read = (messages: Message[], from = empty) => messages.reduce(after, from)

test('a chat is read out of its messages, and what comes again changes nothing', () => {
  const chat = read(told)
  expect(chat.lines.map(({ who, text }) => [who, text])).toEqual([
    ['bot', 'Hello.'],
    ['you', 'where is my order'],
    ['bot', 'On its way.'],
    ['note', 'ended_normal'],
  ])
  expect(chat.ended).toEqual({ outcome: 'resolved', cause: 'normal' })
  expect(read([...told.slice(2), ...told], chat)).toBe(chat)
})

test('a question is there until it is answered, and again when the next comes', () => {
  expect(read(told.slice(0, 2)).asking?.question).toBe(1)
  expect(read(told.slice(0, 3)).asking).toBeUndefined()
  expect(read(told.slice(0, 4)).working).toBe(true)
  expect(read(told.slice(0, 5)).working).toBe(false)
})

test('what was sent is one line before and after it has arrived', () => {
  const before = sending(read(told.slice(0, 2)), { text: 'where is my order', reference: 'r1' }, 'where is my order')
  expect(before.lines.at(-1)).toMatchObject({ key: 'r1', status: 'sending' })
  expect(failed(before, 'r1').lines.at(-1)).toMatchObject({ status: 'failed' })
  expect(withdrawn(before, 'r1').lines).toHaveLength(1)
  const arrived = after(before, told[2]!)
  expect(arrived.lines.filter(({ who }) => who === 'you')).toEqual([{ key: 'r1', who: 'you', text: 'where is my order' }])
  expect(failed(arrived, 'r1')).toEqual(arrived)
})

test('captions are what was said since the visitor answered', () => {
  const texts = (messages: Message[]) => captions(read(messages)).map(({ text }) => text)
  expect(texts(told.slice(0, 2))).toEqual(['Hello.'])
  expect(texts(told.slice(0, 4))).toEqual(['Hello.'])
  expect(texts(told.slice(0, 5))).toEqual(['On its way.'])
})

test('a message of a kind that is not known yet is passed over', () => {
  const chat = after(empty, { id: 1, at, kind: 'hologram' } as unknown as Message)
  expect(chat).toEqual({ ...empty, last: 1 })
})

test('both languages have the same texts with the same values', () => {
  const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()
  expect(Object.keys(zh)).toEqual(Object.keys(en))
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    expect(values(zh[key]), key).toEqual(values(en[key]))
    expect(zh[key].trim() && en[key].trim(), key).not.toBe('')
  }
})

test('the language is the page’s, or the browser’s where the page says none', () => {
  for (const [tags, expected] of [
    [['zh-Hans', 'en'], 'zh-CN'],
    [['en-GB', 'zh'], 'en'],
    [['', null, 'zh-TW'], 'zh-CN'],
    [['de'], 'en'],
    [[], 'en'],
  ] as const) {
    expect(languageOf(...tags)).toBe(expected)
  }
  expect(words('en')('digits_range', { least: 2, most: 4 })).toBe('2 to 4 digits')
})
