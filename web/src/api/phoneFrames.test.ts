import { expect, test } from 'vitest'
import { readPhoneFrame } from './phoneFrames'

const read = (value: unknown) => readPhoneFrame(JSON.stringify(value))

test('the phone is ready with what was kept, and without what makes no sense', () => {
  const legs = [{ leg: 'a', state: 'held', from: '+49301', call: 'c', since: 5 }, { leg: 'b', state: 'dreaming' }, 7, null]
  const servers = [{ urls: ['turn:t'], username: 'u', credential: 'p' }, { urls: [] }, { urls: 'stun:s' }, 'x']
  expect(read({ type: 'ready', extension: '1001', ice_servers: servers, legs })).toEqual({
    type: 'ready',
    extension: '1001',
    ice_servers: [{ urls: ['turn:t'], username: 'u', credential: 'p' }, { urls: ['stun:s'], username: undefined, credential: undefined }],
    legs: [{ leg: 'a', state: 'held', from: '+49301', call: 'c', since: 5 }],
  })
})

test('a newer service may say more, and a call of a withheld number has no caller', () => {
  expect(read({ type: 'ringing', leg: 'a', call: 'c', from: '', to: '100', mood: 'calm' })).toEqual({ type: 'ringing', leg: 'a', call: 'c', from: '', to: '100', queue: undefined })
})

test('what is not a frame is nothing', () => {
  for (const text of ['', '{', '[]', 'null', '7', '{}', '{"type":"ringing"}', '{"type":"connected","leg":"a"}', '{"type":"sing","leg":"a"}', '{"type":"ended","leg":7}']) {
    expect(readPhoneFrame(text), text).toBeUndefined()
  }
})
