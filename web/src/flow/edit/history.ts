/** What can be undone and done again. Changes in quick succession of one kind, such as letters typed, are one step. */

export interface History<T> {
  readonly past: readonly T[]
  readonly present: T
  readonly future: readonly T[]
  /** Which kind the last change was of, and when. */
  readonly last: { readonly kind: string; readonly at: number } | undefined
}

const STEPS = 200
const TOGETHER_MS = 1_500

export const begin = <T>(present: T): History<T> => ({ past: [], present, future: [], last: undefined })

/** `kind` names what may be one step with the change before; without it, the change is a step of its own. */
export function push<T>(history: History<T>, next: T, kind: string | undefined, now: number): History<T> {
  if (next === history.present) return history
  const { past, present, last } = history
  const together = kind !== undefined && last?.kind === kind && now - last.at < TOGETHER_MS
  return {
    past: together ? past : [...past, present].slice(-STEPS),
    present: next,
    future: [],
    last: kind === undefined ? undefined : { kind, at: now },
  }
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1)
  if (before === undefined) return history
  return { past: history.past.slice(0, -1), present: before, future: [history.present, ...history.future], last: undefined }
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future
  if (next === undefined) return history
  return { past: [...history.past, history.present], present: next, future, last: undefined }
}
