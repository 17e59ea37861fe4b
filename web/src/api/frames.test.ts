import { expect, test } from 'vitest'
import { readFrame } from './frames'

test('an entry is read with its cursor', () => {
  const entry = { seq: 3, at: 1, audio_ms: 20, kind: 'key', digit: '1' }
  expect(readFrame(JSON.stringify({ type: 'entry', cursor: 9, call: 'c', entry }))).toEqual({
    type: 'entry',
    cursor: 9,
    call: 'c',
    entry,
  })
})

test('words being said have no cursor', () => {
  const entry = { seq: 0, at: 1, kind: 'partial', speaker: 'caller', text: 'where is' }
  expect(readFrame(JSON.stringify({ type: 'entry', cursor: null, call: 'c', entry }))).toMatchObject({ cursor: null })
})

test('what is not a frame is nothing', () => {
  for (const text of ['', '{', '[]', 'null', '{"type":"entry"}', '{"type":"hello"}', '{"type":"entry","call":"c","entry":{}}']) {
    expect(readFrame(text)).toBeUndefined()
  }
})
