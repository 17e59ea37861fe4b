import { expect, test } from 'vitest'
import { readableOn } from './options'

test('words on the page’s accent are black or white, whichever is easier to read', () => {
  for (const [colour, expected] of [
    ['#ffffff', '#000'],
    ['#000000', '#fff'],
    ['#0b6f6a', '#fff'],
    ['#5753c6', '#fff'],
    ['#ffd54f', '#000'],
    ['#7f7be8', '#000'],
  ] as const) {
    expect(readableOn(colour), colour).toBe(expected)
  }
})
