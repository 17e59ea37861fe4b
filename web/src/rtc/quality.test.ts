import { expect, test } from 'vitest'
import { reasonOf } from './microphone'
import { power, shown } from './level'
import { between, counts, mos, verdict, type Counts } from './quality'

const then: Counts = { at: 0, received: 1_000, lost: 10, jitter_ms: 4, buffered_s: 10, emitted: 48_000 }
const later = (more: Partial<Counts>): Counts => ({ ...then, at: 5_000, received: 1_250, emitted: 96_000, buffered_s: 12, rtt_ms: 30, ...more })

test('the score is that of the E-model', () => {
  // The figures of the service, worked by hand from G.107: within a twentieth.
  expect(mos(0, 0)).toBeCloseTo(4.41, 1)
  expect(mos(0.05, 50)).toBeLessThan(4.03)
  expect(mos(1, 0)).toBeLessThan(2)
  expect(mos(0, 400)).toBeLessThan(mos(0, 150))
})

test('what is counted is what happened in between', () => {
  const quality = between(then, later({ lost: 20 }))
  expect(quality.loss).toBeCloseTo(10 / 260)
  expect(quality).toMatchObject({ jitter_ms: 4, rtt_ms: 30, silent: false })
  // A packet that was thought lost came after all.
  expect(between(then, later({ lost: 9 })).loss).toBe(0)
})

test('the worst is said in words', () => {
  expect(verdict(between(then, later({})))).toEqual({ grade: 'good' })
  expect(verdict(between(then, later({ lost: 20 })))).toMatchObject({ why: 'loss', grade: 'fair' })
  expect(verdict(between(then, later({ unheard: 0.3 })))).toMatchObject({ why: 'unheard', grade: 'bad', share: 0.3 })
  expect(verdict(between(then, later({ rtt_ms: 900 })))).toMatchObject({ why: 'delay', ms: 900 })
  expect(verdict(between(then, later({ received: 1_000 })))).toEqual({ grade: 'bad', why: 'silent' })
})

test('counts are read from what browsers report', () => {
  const reports = [
    { type: 'codec', mimeType: 'audio/opus' },
    { type: 'inbound-rtp', kind: 'audio', packetsReceived: 50, packetsLost: 1, jitter: 0.012, jitterBufferDelay: 2, jitterBufferEmittedCount: 960 },
    { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.02 },
    { type: 'remote-inbound-rtp', kind: 'audio', roundTripTime: 0.05, fractionLost: 0.25 },
  ]
  expect(counts(reports, 7)).toEqual({ at: 7, received: 50, lost: 1, jitter_ms: 12, buffered_s: 2, emitted: 960, rtt_ms: 50, unheard: 0.25 })
  expect(counts([{ type: 'transport' }], 7)).toBeUndefined()
})

test('a meter shows silence as nothing, and a loud voice as all', () => {
  expect(shown(power(new Float32Array(64)))).toBe(0)
  expect(shown(power(new Float32Array(64).fill(0.5)))).toBe(1)
  expect(shown(power(new Float32Array(64).fill(0.01)))).toBeCloseTo((60 - 40) / 48, 2)
})

test('why there is no microphone has a word', () => {
  expect(['NotAllowedError', 'NotFoundError', 'NotReadableError', 'TypeError'].map(reasonOf)).toEqual(['refused', 'missing', 'taken', 'broken'])
})
