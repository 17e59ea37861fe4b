import { expect, test } from 'vitest'
import { mixed, wav } from './wav'

const text = (file: ArrayBuffer, from: number, length: number) => String.fromCharCode(...new Uint8Array(file, from, length))

test('the header says what follows it', () => {
  const file = wav(new Float32Array(800), 16_000)
  const view = new DataView(file)
  expect(file.byteLength).toBe(44 + 1_600)
  expect([text(file, 0, 4), text(file, 8, 8), text(file, 36, 4)]).toEqual(['RIFF', 'WAVEfmt ', 'data'])
  const halves = [20, 22, 32, 34].map((at) => view.getUint16(at, true))
  expect(halves).toEqual([1, 1, 2, 16])
  const wholes = [4, 16, 24, 28, 40].map((at) => view.getUint32(at, true))
  expect(wholes).toEqual([file.byteLength - 8, 16, 16_000, 32_000, 1_600])
})

test.each([
  [0, 0],
  [0.5, 16_384],
  [-0.5, -16_384],
  [1, 32_767],
  [-1, -32_768],
  [1.7, 32_767],
  [-1.7, -32_768],
])('a sample of %d is written as %d', (sample, written) => {
  expect(new DataView(wav(Float32Array.of(0, sample), 8_000)).getInt16(46, true)).toBe(written)
})

test('no sound is a file, too', () => {
  const file = wav(new Float32Array(), 16_000)
  expect(file.byteLength).toBe(44)
  expect(new DataView(file).getUint32(40, true)).toBe(0)
})

test('channels become one', () => {
  const [left, right] = [Float32Array.of(0.5, -1, 0), Float32Array.of(0, -1, 0.5)]
  expect([...mixed([left, right])]).toEqual([0.25, -1, 0.25])
  expect(mixed([left])).toBe(left)
  expect(mixed([])).toHaveLength(0)
})
