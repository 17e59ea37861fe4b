/** The floor: what the service says of queues, agents and those who wait, checked here before anything else sees it, and what is asked of it. */
import { queryOptions } from '@tanstack/react-query'
import { ask } from './ask'
import { readPresence, type Presence } from './floorFrames'

export interface Candidate {
  agent: string
  tier: number
}

export interface Excluded {
  agent: string
  why: string
  /** The reason of an absence, the skill that is missing, the seconds until a tier is asked. */
  detail?: string
}

/** What was looked at when it was decided who takes a call. */
export interface Reasons {
  strategy: string
  chosen: readonly string[]
  candidates: readonly Candidate[]
  excluded: readonly Excluded[]
  waits?: string
}

export const agentStates = ['free', 'offered', 'talking', 'wrap_up', 'away', 'offline'] as const
/** `offline`: they would be free, but no phone of theirs is there. */
export type AgentState = (typeof agentStates)[number]

export interface QueueStanding {
  id: string
  title: string
  waiting: number
  longest_wait_s: number
  agents: Readonly<Record<AgentState, number>>
  offered: number
  answered: number
  answered_in_time: number
  abandoned: number
  callbacks: number
  /** Shares from 0 to 1; nothing before the first call. */
  service_level?: number
  target: number
  within_s: number
  abandonment?: number
  average_wait_s?: number
}

export interface AgentStanding extends Presence {
  since: number
  reachable: boolean
  missed: number
}

export interface Waiting {
  call: string
  queue: string
  since: number
  place: number
  /** How long it will probably take. */
  wait_s?: number
  priority: number
  language?: string
  callback: boolean
  offered_to: readonly string[]
  why: Reasons
}

export interface Floor {
  at: number
  queues: readonly QueueStanding[]
  agents: readonly AgentStanding[]
  waiting: readonly Waiting[]
}

export interface Agent {
  extension: string
  name: string
  skills: Readonly<Record<string, number>>
  /** Queue and tier; nothing: all queues. */
  queues: Readonly<Record<string, number>> | null
}

type Fields = Record<string, unknown>
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const number = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const texts = (value: unknown): string[] => list(value).flatMap((each) => text(each) ?? [])
const all = <T>(value: unknown, read: (each: Fields) => T | undefined): T[] =>
  list(value).flatMap((each) => (isObject(each) ? (read(each) ?? []) : []))
const counts = (value: unknown): Record<string, number> =>
  isObject(value) ? Object.fromEntries(Object.entries(value).flatMap(([name, count]) => (typeof count === 'number' ? [[name, count]] : []))) : {}

export function readReasons(value: unknown): Reasons {
  const fields = isObject(value) ? value : {}
  return {
    strategy: text(fields.strategy) ?? '',
    chosen: texts(fields.chosen),
    candidates: all(fields.candidates, ({ agent, tier }) => (typeof agent === 'string' ? { agent, tier: number(tier) ?? 1 } : undefined)),
    excluded: all(fields.excluded, ({ agent, why, detail }) =>
      typeof agent === 'string' && typeof why === 'string' ? { agent, why, detail: text(detail) } : undefined,
    ),
    waits: text(fields.waits),
  }
}

function readQueue(fields: Fields): QueueStanding | undefined {
  const { id } = fields
  if (typeof id !== 'string') return undefined
  const count = (name: string) => number(fields[name]) ?? 0
  const agents = counts(fields.agents)
  const title = text(fields.title) ?? ''
  return {
    id,
    title: title.trim() === '' ? id : title,
    waiting: count('waiting'),
    longest_wait_s: count('longest_wait_s'),
    agents: Object.fromEntries(agentStates.map((state) => [state, agents[state] ?? 0])) as Record<AgentState, number>,
    offered: count('offered'),
    answered: count('answered'),
    answered_in_time: count('answered_in_time'),
    abandoned: count('abandoned'),
    callbacks: count('callbacks'),
    service_level: number(fields.service_level),
    target: number(fields.target) ?? 0,
    within_s: count('within_s'),
    abandonment: number(fields.abandonment),
    average_wait_s: number(fields.average_wait_s),
  }
}

function readAgent(fields: Fields): AgentStanding | undefined {
  const presence = readPresence(fields)
  return presence && { ...presence, since: number(fields.since) ?? 0, reachable: fields.reachable !== false, missed: number(fields.missed) ?? 0 }
}

function readWaiting(fields: Fields): Waiting | undefined {
  const { call, queue, since } = fields
  if (typeof call !== 'string' || typeof queue !== 'string' || typeof since !== 'number') return undefined
  return {
    call,
    queue,
    since,
    place: number(fields.place) ?? 0,
    wait_s: number(fields.wait_s),
    priority: number(fields.priority) ?? 1,
    language: text(fields.language),
    callback: fields.callback === true,
    offered_to: texts(fields.offered_to),
    why: readReasons(fields.why),
  }
}

export function readFloor(value: unknown): Floor | undefined {
  if (!isObject(value) || !Array.isArray(value.queues)) return undefined
  return {
    at: number(value.at) ?? 0,
    queues: all(value.queues, readQueue),
    agents: all(value.agents, readAgent),
    waiting: all(value.waiting, readWaiting),
  }
}

/** The floor of a frame of the stream; nothing where the frame tells something else. */
export function readFloorOf(received: string): Floor | undefined {
  let value: unknown
  try {
    value = JSON.parse(received)
  } catch {
    return undefined
  }
  return isObject(value) && value.type === 'floor' ? readFloor(value.floor) : undefined
}

const readProfile = (fields: Fields): Agent | undefined =>
  typeof fields.extension === 'string'
    ? {
        extension: fields.extension,
        name: text(fields.name) ?? '',
        skills: counts(fields.skills),
        queues: isObject(fields.queues) ? counts(fields.queues) : null,
      }
    : undefined

export const agents = queryOptions({
  queryKey: ['agents'],
  queryFn: async () => all(await ask('GET', '/agents'), readProfile),
  staleTime: 0,
})

export const awayReasons = queryOptions({
  queryKey: ['presence', 'reasons'],
  queryFn: async () => texts(await ask('GET', '/presence/reasons')),
  staleTime: 0,
})

const part = encodeURIComponent

export const setPresenceOf = (extension: string, presence: 'available' | 'away', reason?: string) =>
  ask('PUT', `/agents/${part(extension)}/presence`, reason === undefined ? { presence } : { presence, reason })

export const changeTurn = (call: string, change: { queue?: string; priority?: number; first?: true }) => ask('PUT', `/floor/calls/${part(call)}`, change)

export const changeAgent = (extension: string, profile: { skills: Record<string, number>; queues: Record<string, number> | null }) =>
  ask('PUT', `/agents/${part(extension)}`, profile)

export const setAwayReasons = async (reasons: readonly string[]) => texts(await ask('PUT', '/presence/reasons', reasons))

export type How = 'listen' | 'whisper' | 'barge' | 'take_over' | 'over'

/** Answered when the phone of the extension takes part. */
export const supervise = (call: string, extension: string, how: How) => ask('POST', `/calls/${part(call)}/supervise`, { extension, how })
