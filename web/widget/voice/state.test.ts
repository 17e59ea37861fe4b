import { expect, test } from 'vitest'
import en from './locales/en.json'
import zh from './locales/zh-CN.json'
import { after, begun, read, type Call, type FromService } from './state'

const heard = (...messages: FromService[]): Call => messages.reduce((call, message) => after(call, message, 1_000), begun)
const caption = (seq: number, text: string, final = true): FromService => ({ type: 'caption', who: 'caller', seq, text, final })

test('captions come in order, and what is being said replaces itself', () => {
  const call = heard(caption(2, 'where', false), caption(1, 'Hello.'), caption(2, 'where is', false), caption(2, 'Where is my order?'))
  expect(call.captions.map(({ text }) => text)).toEqual(['Hello.', 'Where is my order?'])
  // What was said cannot be unsaid by a message that comes late.
  expect(heard(caption(1, 'Hello.'), caption(1, 'Hel', false)).captions).toMatchObject([{ text: 'Hello.', final: true }])
})

test('the caller sees who is there, and their place', () => {
  const waits = heard({ type: 'connected', sdp: 's' }, { type: 'state', state: 'queue', position: 2, wait_s: 90 })
  expect(waits).toMatchObject({ stage: 'talking', with: 'queue', position: 2, wait_s: 90, since: 1_000 })
  expect(after(waits, { type: 'state', state: 'agent' }, 2_000)).toMatchObject({ with: 'agent', position: undefined })
})

test('a call that is over stays over; a refusal ends only what has not begun', () => {
  const over = heard({ type: 'connected', sdp: 's' }, { type: 'ended', reason: 'normal' })
  expect(after(over, { type: 'connected', sdp: 's' }, 2_000)).toBe(over)
  expect(heard({ type: 'error', code: 'callers_full', message: '' })).toMatchObject({ stage: 'over', reason: 'callers_full' })
  expect(heard({ type: 'connected', sdp: 's' }, { type: 'error', code: 'x', message: '' }).stage).toBe('talking')
})

test('what is not a message is nothing', () => {
  for (const text of ['', '{', '[]', 'null', '{}', '{"type":"connected"}', '{"type":"caption","who":"cat","text":"","seq":1}', '{"type":"state","state":"x"}', '{"type":"sing"}']) {
    expect(read(text), text).toBeUndefined()
  }
  expect(read('{"type":"ended"}')).toEqual({ type: 'ended', reason: '' })
})

test('both languages have the same words', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort())
  for (const text of [...Object.values(en), ...Object.values(zh)]) expect(text.trim()).not.toBe('')
})
