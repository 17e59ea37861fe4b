/** What a draft would have done to calls that have been: run by the service, read and kept here for as long as the editor is open. */
import { replay, type Replay, type Replayed, type Way } from './api'
import type { Draft } from './draft'
import { written } from './written'

/** In the order in which they want to be looked at. */
export const FATES = ['moved', 'diverged', 'skipped'] as const
export const CALLS = { usual: 200, least: 1, most: 2_000 }

export interface ReplayState {
  busy: boolean
  error: unknown
  found: Replay | undefined
  /** The blocks that it was run with. */
  blocks: Draft['blocks'] | undefined
}

export function replays(draft: () => Draft) {
  let state: ReplayState = { busy: false, error: undefined, found: undefined, blocks: undefined }
  let running: AbortController | undefined
  const listeners = new Set<() => void>()
  const put = (part: Partial<ReplayState>) => {
    state = { ...state, ...part }
    listeners.forEach((listener) => listener())
  }
  return {
    state: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    run: async (calls: number) => {
      running?.abort()
      const mine = new AbortController()
      running = mine
      const now = draft()
      put({ busy: true, error: undefined })
      try {
        const found = await replay(written(now), calls, mine.signal)
        if (running === mine) put({ busy: false, found, blocks: now.blocks })
      } catch (error) {
        if (running === mine) put({ busy: false, error })
      }
    },
    stop: () => {
      running?.abort()
      running = undefined
      put({ busy: false })
    },
  }
}

export type Replays = ReturnType<typeof replays>

/** The first step at which two ways are not the same; the length of both when they are. */
export function parting(before: readonly string[], after: readonly string[]): number {
  const length = Math.min(before.length, after.length)
  for (let step = 0; step < length; step += 1) if (before[step] !== after[step]) return step
  return length
}

export type Side = 'both' | 'before' | 'after'

const sideOf = (isBefore: boolean, isAfter: boolean): Side => (isBefore && isAfter ? 'both' : isBefore ? 'before' : 'after')

function sides(before: ReadonlySet<string>, after: ReadonlySet<string>): Map<string, Side> {
  return new Map([...new Set([...before, ...after])].map((name) => [name, sideOf(before.has(name), after.has(name))]))
}

const stepsOf = ({ path }: Way): Set<string> => new Set(path.slice(1).map((to, index) => `${path[index]} ${to}`))

/** Which of two ways blocks and lines are on; lines as `from to`. */
export const painted = ({ before, after }: Pick<Replayed, 'before' | 'after'>) => ({
  blocks: sides(new Set(before.path), new Set(after.path)),
  lines: sides(stepsOf(before), stepsOf(after)),
})

export interface Told {
  name: string
  before: string | null
  after: string | null
}

/** The values, the queue and the outcome side by side; `name` of the last two is a word of ours and begins with a colon. */
export function toldApart({ before, after }: Pick<Replayed, 'before' | 'after'>): Told[] {
  const names = [...new Set([...Object.keys(before.slots), ...Object.keys(after.slots)])].sort()
  const said = (value: unknown): string | null => (value === undefined || value === null ? null : typeof value === 'string' ? value : JSON.stringify(value))
  return [
    { name: ':outcome', before: before.outcome, after: after.outcome },
    { name: ':queue', before: before.queue, after: after.queue },
    ...names.map((name) => ({ name, before: said(before.slots[name]), after: said(after.slots[name]) })),
  ]
}

/** How many part where, the most frequent first. */
export function partings(results: readonly Replayed[]): { where: string; count: number }[] {
  const found = new Map<string, number>()
  for (const { where } of results) if (where !== null) found.set(where, (found.get(where) ?? 0) + 1)
  return [...found].map(([where, count]) => ({ where, count })).sort((a, b) => b.count - a.count || (a.where < b.where ? -1 : 1))
}
