import { useMemo } from 'react'
import { useHeardCalls } from '../api/live'
import type { CallSummary } from '../api/types'
import { summarise } from './project'

/** The calls that run: those the service named, and those the stream brought since. */
export function useRunning(asked: readonly CallSummary[] | undefined) {
  const heard = useHeardCalls()
  return useMemo(() => {
    const byId = new Map<string, CallSummary>(asked?.map((call) => [call.id, call]))
    const ended: CallSummary[] = []
    for (const [id, { entries }] of heard) {
      const base = byId.get(id)
      if (!base && entries[0]?.kind !== 'offered') continue
      const call = summarise(id, entries, base)
      byId.set(id, call)
      if (call.state === 'ended') ended.push(call)
    }
    const running = [...byId.values()].filter((call) => call.state !== 'ended')
    return { running: running.sort((a, b) => b.started_at - a.started_at), ended }
  }, [asked, heard])
}
