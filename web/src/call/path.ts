/** The way a call took through its flow, block by block. */
import type { Entry } from '../api/types'

export interface Step {
  seq: number
  block: string
  kind: string
  /** The edge by which it was left, once it was. */
  edge?: string
  from: number | undefined
  /** How long the call stood there. */
  took?: number
}

export function path(entries: readonly Entry[]): Step[] {
  const steps: Step[] = []
  let entered = 0
  let answered = false
  for (const entry of entries) {
    const open = steps.at(-1)
    if (entry.kind === 'answered') answered = true
    if (entry.kind === 'entered') {
      if (open && open.took === undefined) open.took = entry.at - entered
      entered = entry.at
      // The first block is entered with the answer, before the recording has counted anything.
      const from = entry.audio_ms ?? (answered ? 0 : undefined)
      steps.push({ seq: entry.seq, block: entry.block, kind: entry.block_kind, from })
    } else if (entry.kind === 'left' && open?.block === entry.block) {
      open.edge = entry.edge
      open.took = entry.at - entered
    } else if (entry.kind === 'ended' && open && open.took === undefined) {
      open.took = entry.at - entered
    }
  }
  return steps
}

/** Every edge taken, as `block edge`, with how often. */
export function edgesTaken(steps: readonly Step[]): Map<string, number> {
  const taken = new Map<string, number>()
  for (const { block, edge } of steps) {
    if (edge) taken.set(`${block} ${edge}`, (taken.get(`${block} ${edge}`) ?? 0) + 1)
  }
  return taken
}
