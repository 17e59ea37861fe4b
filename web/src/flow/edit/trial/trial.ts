/** A call that somebody plays step by step; every step plays the whole of it again, through the flow as it is then. */
import { simulate } from '../api'
import { written } from '../written'
import type { Editing } from '../editing'
import { trail, withoutLast, type Act, type Played, type Test } from './call'

export interface TrialState {
  /** The last that was played; nothing before the first reply. */
  played: Played | undefined
  busy: boolean
  error: unknown
  /** The blocks through which it was played. */
  blocks: unknown
}

export type Setup = Pick<Test, 'language' | 'time'>

export function trial(edit: Pick<Editing, 'draft' | 'light'>, ask: typeof simulate = simulate) {
  const listeners = new Set<() => void>()
  let state: TrialState = { played: undefined, busy: false, error: undefined, blocks: undefined }
  let test: Test = { name: 'trial', steps: [] }
  let turn = 0

  const put = (part: Partial<TrialState>) => {
    state = { ...state, ...part }
    listeners.forEach((listener) => listener())
  }

  /** Whether it was played; only the last that is asked for counts. */
  async function play(next: Test): Promise<boolean> {
    turn += 1
    const mine = turn
    const draft = edit.draft()
    put({ busy: true })
    try {
      const played = await ask(written(draft), next)
      if (mine !== turn) return false
      test = played.test
      put({ played, busy: false, error: undefined, blocks: draft.blocks })
      edit.light(trail(played))
      return true
    } catch (error) {
      if (mine === turn) put({ busy: false, error })
      return false
    }
  }

  return {
    state: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    begin: (setup: Setup) => {
      test = { name: test.name, ...setup, steps: [] }
      return play(test)
    },
    /** One step after the other: what is done before the last has come of it is not done. */
    act: (act: Act) => (state.busy ? Promise.resolve(false) : play({ ...test, steps: [...test.steps, act] })),
    back: () => play({ ...test, steps: withoutLast(test.steps) }),
    again: () => play(test),
    leave: () => {
      turn += 1
      edit.light(undefined)
    },
  }
}

export type Trial = ReturnType<typeof trial>
