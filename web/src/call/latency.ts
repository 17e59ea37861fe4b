/** Where the time of each reply went. The wire figure is the measured truth; the stages explain it, the rest is the way out. */
import type { Entry, Latency } from '../api/types'

export const stages = ['endpoint', 'recognise', 'decide', 'speak', 'rest'] as const
export type Stage = (typeof stages)[number]

export interface TurnLatency {
  turn: number
  seq: number
  at: number | undefined
  wire: number
  parts: Record<Stage, number>
}

export function parts(latency: Latency): Record<Stage, number> {
  const { wire_ms, endpoint_ms, recognise_ms, decide_ms, speak_ms } = latency
  const known = endpoint_ms + recognise_ms + decide_ms + speak_ms
  return {
    endpoint: endpoint_ms,
    recognise: recognise_ms,
    decide: decide_ms,
    speak: speak_ms,
    rest: Math.max(0, wire_ms - known),
  }
}

export function turns(entries: readonly Entry[]): TurnLatency[] {
  return entries.flatMap((entry) =>
    entry.kind === 'replied'
      ? [
          {
            turn: entry.turn,
            seq: entry.seq,
            at: entry.audio_ms ?? undefined,
            wire: entry.latency.wire_ms,
            parts: parts(entry.latency),
          },
        ]
      : [],
  )
}

/** The nearest-rank percentile of whole milliseconds. */
export function percentile(values: readonly number[], share: number): number | undefined {
  if (values.length === 0) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
}

/** A call's turns with their usual and their worst reply. */
export function latencyOf(entries: readonly Entry[]) {
  const all = turns(entries)
  const wires = all.map(({ wire }) => wire)
  return { turns: all, p50: percentile(wires, 0.5), p95: percentile(wires, 0.95), slowest: Math.max(0, ...wires) }
}
