/** The lists as they answer now: those of the live version. */
import { useQuery } from '@tanstack/react-query'
import { intentVersion } from '../../api/queries'
import type { EntityList } from '../../api/types'
import { useUnderstood } from '../context'
import { sameList } from './list'

/** `undefined` until it is known. */
export function usePublished(): readonly EntityList[] | undefined {
  const { draft } = useUnderstood().intents
  const live = draft?.live ?? undefined
  const { data } = useQuery({ ...intentVersion(live ?? 0), enabled: live !== undefined })
  if (!draft) return undefined
  return live === undefined ? [] : data && (data.draft.lists ?? [])
}

export type Standing = 'live' | 'changed' | 'new'

export function standing(list: EntityList, published: readonly EntityList[]): Standing {
  const there = published.find(({ name }) => name === list.name)
  return there ? (sameList(there, list) ? 'live' : 'changed') : 'new'
}
