import { describe, expect, test } from 'vitest'
import { playhead } from './playhead'
import { hasWords, placed, spread, wordAt } from './words'

const word = (text: string, from_ms: number, to_ms: number) => ({ text, from_ms, to_ms })

describe('words that were heard', () => {
  test('stand in their text, with what is between them', () => {
    const pieces = placed('Where is it?', [word('Where', 1_000, 1_300), word('is', 1_300, 1_400), word('it?', 1_500, 1_700)])
    expect(pieces).toEqual([
      { text: 'Where', from: 1_000, to: 1_300 },
      { text: ' ' },
      { text: 'is', from: 1_300, to: 1_400 },
      { text: ' ' },
      { text: 'it?', from: 1_500, to: 1_700 },
    ])
  })

  test('need no spaces in Chinese', () => {
    const pieces = placed('查订单。', [word('查', 0, 200), word('订', 200, 400), word('单。', 400, 700)])
    expect(pieces.map(({ text }) => text)).toEqual(['查', '订', '单。'])
  })

  test('that come twice have each a place of their own', () => {
    const pieces = placed('no no', [word('no', 0, 100), word('no', 300, 400)])
    expect(pieces.map(({ from }) => from)).toEqual([0, undefined, 300])
  })

  test('that are not in the text are left out, and no letter of it is lost', () => {
    for (const words of [[], [word('order', 0, 1)], [word('', 0, 1), word('my', 0, 1)]]) {
      expect(placed('where is my parcel', words).map(({ text }) => text).join('')).toBe('where is my parcel')
    }
    expect(hasWords(placed('my parcel', []))).toBe(false)
  })
})

describe('words of the bot', () => {
  test('are spread over its time by their length', () => {
    const pieces = spread('We are open – today.', 1_000, 2_400)
    expect(pieces.map(({ text }) => text).join('')).toBe('We are open – today.')
    expect(pieces.filter(({ from }) => from !== undefined)).toEqual([
      { text: 'We', from: 1_000, to: 1_200 },
      { text: 'are', from: 1_200, to: 1_500 },
      { text: 'open', from: 1_500, to: 1_900 },
      { text: 'today.', from: 1_900, to: 2_400 },
    ])
  })

  test('are characters in Chinese', () => {
    const pieces = spread('您好,请按1。', 0, 1_500)
    expect(pieces.map(({ text }) => text)).toEqual(['您', '好,', '请', '按', '1。'])
    expect(pieces.map(({ from }) => from)).toEqual([0, 300, 600, 900, 1_200])
  })

  test('are one line where it is not known when it was said', () => {
    for (const [from, to] of [[undefined, undefined], [100, undefined], [100, 100]]) {
      expect(spread('Hello there', from, to)).toEqual([{ text: 'Hello there' }])
    }
    expect(spread('…', 0, 900)).toEqual([{ text: '…' }])
  })
})

test('the word that sounds is known, and pauses have none', () => {
  const pieces = placed('a b', [word('a', 100, 300), word('b', 1_000, 1_200)])
  expect([50, 100, 320, 700, 1_000, 1_300, 2_000].map((ms) => wordAt(pieces, ms))).toEqual([-1, 0, 0, -1, 2, 2, -1])
  expect(wordAt([{ text: 'a line' }], 0)).toBe(-1)
})

test('a playhead tells whoever listens, and nobody who has stopped', () => {
  const head = playhead()
  const seen: number[] = []
  const stop = head.subscribe(() => seen.push(head.now()))
  head.move(40)
  head.move(60)
  stop()
  head.move(80)
  expect(seen).toEqual([40, 60])
  expect(head.now()).toBe(80)
})
