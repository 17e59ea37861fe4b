/** What the pages ask the service about queues. */
import { queryOptions } from '@tanstack/react-query'
import { readKept, type Kept, type Queue } from '../queues/document'
import { ask } from './ask'
import { Failure } from './client'

const path = (id: string) => `/queues/${encodeURIComponent(id)}`

function checked(value: unknown): Kept {
  const kept = readKept(value)
  if (!kept) throw new Failure(200, 'unreadable', '')
  return kept
}

export const queueList = queryOptions({
  queryKey: ['queues'],
  queryFn: async () => {
    const all = await ask('GET', '/queues')
    return Array.isArray(all) ? all.flatMap((each) => readKept(each) ?? []) : []
  },
  staleTime: 0,
})

export const addQueue = async (queue: Queue) => checked(await ask('POST', '/queues', queue))
export const changeQueue = async (queue: Queue, revision: number) => checked(await ask('PUT', path(queue.id), { revision, queue }))
export const fetchQueue = async (id: string) => checked(await ask('GET', path(id)))
export const removeQueue = (id: string) => ask('DELETE', path(id))
