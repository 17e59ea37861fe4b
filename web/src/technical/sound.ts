/** What the measurements of a leg say, in grades and in figures that a sentence can be made of. Pure. */
import type { Heard, LegPoint, LegSound } from '../api/types'

export const metrics = ['mos', 'loss', 'jitter', 'level'] as const
export type Metric = (typeof metrics)[number]
export type Way = 'incoming' | 'outgoing'
export type Grade = 'good' | 'fair' | 'bad' | 'unknown'

const read: Record<Metric, (heard: Heard) => number | null | undefined> = {
  loss: (heard) => heard.loss_percent,
  jitter: (heard) => heard.jitter_ms,
  mos: (heard) => heard.mos,
  level: (heard) => heard.level_dbov,
}

/** Below these people notice (ITU-T G.107: 4.03 satisfies, 3.6 satisfies only some). */
const GOOD_MOS = 4.03
const FAIR_MOS = 3.6
/** From here on loss is worth a sentence, in percent. */
const NOTABLE_LOSS = 1
/** What an ordinary buffer can take, in ms. */
const MUCH_JITTER = 30
/** All is lost but what the counting misses. */
const NOTHING_HEARD = 98

export interface Sample {
  from: number
  to: number
  value: number | undefined
}

export function series(points: readonly LegPoint[], way: Way, metric: Metric): Sample[] {
  return points.map((point) => ({
    from: point.at_ms,
    to: point.at_ms + point.length_ms,
    value: read[metric](point[way]) ?? undefined,
  }))
}

/** A scale with round ends that holds all values: loss and jitter from 0, quality from 1 to 4.5, level down from 0. */
export function scale(metric: Metric, values: readonly number[]): { min: number; max: number; ticks: number[] } {
  if (metric === 'mos') return { min: 1, max: 4.5, ticks: [1, 2, 3, 4] }
  if (metric === 'level') return { min: -60, max: 0, ticks: [-60, -40, -20, 0] }
  const most = Math.max(metric === 'loss' ? 2 : 10, ...values)
  const power = 10 ** Math.floor(Math.log10(most))
  const max = [1, 2, 5, 10].map((step) => step * power).find((end) => end >= most) ?? most
  return { min: 0, max, ticks: [0, max / 2, max] }
}

/** Times for an axis of this length in ms: at most six, all of them round. */
export function times(length: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600].map((s) => s * 1_000)
  const step = steps.find((step) => length / step <= 5) ?? 7_200_000
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step)
}

/** The stretches in which something holds, joined where they touch. */
function stretches(samples: readonly Sample[], holds: (value: number) => boolean): Sample[][] {
  const all: Sample[][] = []
  let open = false
  for (const sample of samples) {
    const bad = sample.value !== undefined && holds(sample.value)
    if (bad && open) all.at(-1)?.push(sample)
    else if (bad) all.push([sample])
    open = bad
  }
  return all
}

const weight = (samples: readonly Sample[]) => samples.reduce((sum, { from, to }) => sum + (to - from), 0)

/** The mean over time. */
export function mean(samples: readonly Sample[]): number | undefined {
  const known = samples.filter((sample) => sample.value !== undefined)
  const length = weight(known)
  if (length === 0) return undefined
  return known.reduce((sum, { from, to, value }) => sum + (value ?? 0) * (to - from), 0) / length
}

export type Finding =
  | { kind: 'silent' }
  | { kind: 'unheard' }
  | { kind: 'unreported' }
  | { kind: 'nothing_sent' }
  | { kind: 'lost'; percent: number; from: number; to: number }
  | { kind: 'jitter'; ms: number; from: number; to: number }
  | { kind: 'poor'; mos: number; from: number; to: number }

export interface Verdict {
  way: Way
  grade: Grade
  findings: Finding[]
  mos: number | undefined
  loss: number | undefined
  jitter: number | undefined
}

/** The worst stretch: with the most of it. */
function worst(found: Sample[][]): { value: number; from: number; to: number } | undefined {
  const all = found.map((part) => ({ value: mean(part) ?? 0, from: part[0]?.from ?? 0, to: part.at(-1)?.to ?? 0 }))
  return all.sort((a, b) => b.value * (b.to - b.from) - a.value * (a.to - a.from))[0]
}

/** How one direction of a leg sounded. */
export function verdict(sound: LegSound, way: Way): Verdict {
  const of = (metric: Metric) => series(sound.points, way, metric)
  const [loss, jitter, mos] = [of('loss'), of('jitter'), of('mos')]
  const figures = { mos: mean(mos), loss: mean(loss), jitter: mean(jitter) }
  const { totals } = sound
  const only = (grade: Grade, kind: 'silent' | 'unheard' | 'unreported' | 'nothing_sent'): Verdict => ({
    way,
    grade,
    findings: [{ kind }],
    ...figures,
  })
  if (way === 'incoming' && totals.packets_in === 0) return only('bad', 'silent')
  if (way === 'outgoing' && totals.packets_out === 0) return only('bad', 'nothing_sent')
  if (way === 'outgoing' && figures.mos === undefined && figures.loss === undefined) return only('unknown', 'unreported')
  if (way === 'outgoing' && (figures.loss ?? 0) >= NOTHING_HEARD) return only('bad', 'unheard')

  const findings: Finding[] = []
  const lost = worst(stretches(loss, (value) => value >= NOTABLE_LOSS))
  if (lost) findings.push({ kind: 'lost', percent: lost.value, from: lost.from, to: lost.to })
  const shaken = worst(stretches(jitter, (value) => value >= MUCH_JITTER))
  if (shaken) findings.push({ kind: 'jitter', ms: shaken.value, from: shaken.from, to: shaken.to })
  const [poor] = stretches(mos, (value) => value < FAIR_MOS)
  if (poor && findings.length === 0) {
    findings.push({ kind: 'poor', mos: mean(poor) ?? 0, from: poor[0]?.from ?? 0, to: poor.at(-1)?.to ?? 0 })
  }
  const lowest = Math.min(...mos.flatMap(({ value }) => value ?? []))
  const known = figures.mos !== undefined || figures.loss !== undefined
  const grade =
    !known ? 'unknown' : lowest < FAIR_MOS ? 'bad' : lowest < GOOD_MOS || findings.length > 0 ? 'fair' : 'good'
  return { way, grade, findings, ...figures }
}
