/** Where the recording is being played, told many times a second: only what marks a word listens, so that the page rests. */
export interface Playhead {
  /** In milliseconds of the recording. */
  now: () => number
  move: (ms: number) => void
  subscribe: (moved: () => void) => () => void
}

export function playhead(): Playhead {
  let at = 0
  const listeners = new Set<() => void>()
  return {
    now: () => at,
    move: (ms) => {
      at = ms
      listeners.forEach((moved) => moved())
    },
    subscribe: (moved) => {
      listeners.add(moved)
      return () => void listeners.delete(moved)
    },
  }
}
