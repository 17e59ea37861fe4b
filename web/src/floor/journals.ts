/** What is said in many calls at once. */
import { useQueries } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useHeardCalls } from '../api/live'
import { call as callQuery } from '../api/queries'
import type { CallSummary, Entry } from '../api/types'
import { merge } from '../call/project'
import { transcript } from '../call/transcript'

/** Every call's journal as far as it is known: what was asked for, and what was pushed since. */
export function useJournals(calls: readonly CallSummary[]): ReadonlyMap<string, readonly Entry[]> {
  const heard = useHeardCalls()
  const unknown = calls.filter(({ id }) => heard.get(id)?.entries[0]?.seq !== 1).map(({ id }) => id)
  const asked = useQueries({ queries: unknown.map((id) => callQuery(id)), combine: (all) => all.map(({ data }) => data) })
  return useMemo(() => {
    const before = new Map(asked.flatMap((detail) => (detail ? [[detail.id, detail.entries] as const] : [])))
    return new Map(calls.map(({ id }) => [id, merge(before.get(id) ?? [], heard.get(id)?.entries ?? [])]))
  }, [calls, heard, asked])
}

/** What everybody said, with the words that are just being said. */
export function useSaid(calls: readonly CallSummary[], journals: ReadonlyMap<string, readonly Entry[]>): (id: string) => string[] {
  const heard = useHeardCalls()
  return useMemo(() => {
    const said = new Map(
      calls.map(({ id }) => {
        const lines = transcript(journals.get(id) ?? []).flatMap((line) => (line.type === 'spoken' ? [line.text] : []))
        return [id, [...lines, ...Object.values(heard.get(id)?.partial ?? {})]]
      }),
    )
    return (id: string) => said.get(id) ?? []
  }, [calls, journals, heard])
}
