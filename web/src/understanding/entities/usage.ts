/** Which blocks of the flows name a list. */
import { useQueries, useQuery } from '@tanstack/react-query'
import { flow, flows } from '../../api/queries'

export interface Use {
  flow: string
  name: string
  block: string
  list: string
}

interface Document {
  blocks?: { id?: unknown; params?: { list?: unknown } }[]
}

export function uses(id: string, name: string, document: unknown): Use[] {
  const blocks = (document as Document).blocks
  if (!Array.isArray(blocks)) return []
  return blocks.flatMap(({ id: block, params }) =>
    typeof block === 'string' && typeof params?.list === 'string' ? [{ flow: id, name, block, list: params.list }] : [],
  )
}

/** The uses of a list by its name. */
export function useUses(list: string): Use[] {
  const { data: known } = useQuery(flows)
  const details = useQueries({ queries: (known ?? []).map(({ id }) => flow(id)) })
  return details.flatMap(({ data }, at) => (data ? uses(data.id, known?.[at]?.name ?? data.id, data.document) : [])).filter((use) => use.list === list)
}
