/** A microphone for the turn that a call waits for; whatever else happens in the call meanwhile ends what is said into it. */
import { useEffect, useState, useSyncExternalStore } from 'react'
import type { Heard } from '../api'
import { microphone, type MicrophoneState } from '../trial/microphone'

export interface Talk {
  state: MicrophoneState
  press: () => void
  release: () => void
  leave: () => void
}

export function useMicrophone(turn: unknown, language: string, heard: (heard: Heard) => Promise<void>): Talk {
  const [mic] = useState(() => microphone())
  const state = useSyncExternalStore(mic.subscribe, mic.state)
  useEffect(() => mic.leave, [mic, turn])
  return { state, press: () => mic.press({ language, heard: (words) => void heard(words) }), release: mic.release, leave: mic.leave }
}
