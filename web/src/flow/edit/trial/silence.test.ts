import { describe, expect, test } from 'vitest'
import { BLOCK_MS, isMuted, isOver, loudness, shown } from './silence'

/** Blocks of this loudness, which goes up and down a little. */
const of = (ms: number, level: number) => Array.from({ length: Math.round(ms / BLOCK_MS) }, (_, index) => level + (index % 3) - 1)
/** Words: syllables with gaps in between. */
const words = (ms: number, level: number, room: number) => of(ms, level).map((loud, index) => (index % 6 === 5 ? room + 6 : loud))

describe('speech is over', () => {
  test.each<[string, number[], boolean]>([
    ['not before it began', of(10_000, -62), false],
    ['not in a noisy room where nobody talks', of(10_000, -38), false],
    ['not where a microphone gives nothing', of(10_000, -120), false],
    ['not while somebody talks', [...of(600, -60), ...words(8_000, -24, -60)], false],
    ['not in a pause for breath', [...of(600, -60), ...words(1_200, -24, -60), ...of(1_200, -60)], false],
    ['after a second and a half', [...of(600, -60), ...words(1_200, -24, -60), ...of(1_600, -60)], true],
    ['after a pause and the rest', [...words(1_200, -24, -60), ...of(1_200, -60), ...words(800, -26, -60), ...of(1_600, -60)], true],
    ['when it began at once', [...words(900, -22, -60), ...of(1_600, -58)], true],
    ['when it was one short word', [...of(280, -24), ...of(1_600, -60)], true],
    ['when it was soft', [...of(600, -66), ...words(1_200, -44, -66), ...of(1_600, -66)], true],
    ['in a noisy room', [...of(600, -40), ...words(1_500, -20, -40), ...of(1_600, -40)], true],
    ['where silence is no sound at all', [...words(1_500, -24, -45), ...of(1_600, -120)], true],
    ['after a microphone that came late', [...of(400, -120), ...words(1_500, -24, -55), ...of(1_600, -55)], true],
    ['not for a click', [...of(600, -60), -15, ...of(3_000, -60)], false],
    ['whatever clicks in the silence', [...words(1_200, -24, -60), ...of(800, -60), -15, ...of(800, -60)], true],
  ])('%s', (_when, levels, expected) => {
    expect(isOver(levels)).toBe(expected)
  })
})

test('loudness is in dB of full scale', () => {
  const tone = (peak: number) => Float32Array.from({ length: 640 }, (_, index) => peak * Math.sin((index * Math.PI) / 8))
  expect(loudness(new Float32Array(640).fill(1))).toBeCloseTo(0)
  expect(loudness(tone(1))).toBeCloseTo(-3.01, 1)
  expect(loudness(tone(0.1))).toBeCloseTo(-23.01, 1)
  expect(loudness(new Float32Array(640))).toBe(-120)
  expect(loudness(new Float32Array())).toBe(-120)
})

test('a meter goes from nothing to all', () => {
  expect([-120, -60, -35, -10, 0].map(shown)).toEqual([0, 0, 0.5, 1, 1])
})

test('a muted microphone gives no noise, either', () => {
  expect(isMuted([])).toBe(true)
  expect(isMuted(of(2_000, -120))).toBe(true)
  expect(isMuted([...of(2_000, -120), -70])).toBe(false)
})
