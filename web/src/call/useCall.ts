import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useHeard } from '../api/live'
import { call as callQuery } from '../api/queries'
import { latencyOf } from './latency'
import { merge, summarise } from './project'

/** A call as it is now: what was asked once, with what the stream added since. */
export function useCall(id: string) {
  const query = useQuery(callQuery(id))
  const heard = useHeard(id)
  const { data } = query
  const call = useMemo(() => {
    if (!data) return undefined
    const entries = merge(data.entries, heard.entries)
    const summary = summarise(id, entries.slice(data.entries.length), data)
    return { ...summary, waveform_ms: data.waveform_ms, entries, latency: latencyOf(entries), partial: heard.partial }
  }, [data, heard, id])
  return { ...query, call }
}

export type CallNow = NonNullable<ReturnType<typeof useCall>['call']>
