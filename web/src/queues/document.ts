/** A queue as the service keeps it, read whole and written whole; what the service says of a member goes beside its field. Pure. */

export const strategies = ['longest_idle', 'least_occupied', 'round_robin', 'ring_all', 'most_skilled', 'last_agent'] as const
export type Strategy = (typeof strategies)[number]

export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof days)[number]

export interface Need {
  skill: string
  level: number
}

export type Step = { after_s: number; then: 'queue'; queue: string } | { after_s: number; then: 'relax'; levels: number }

export interface Opening {
  days: readonly Day[]
  from: string
  to: string
}

/** What else hours say (holidays) is kept as it came. */
export interface Hours {
  weekly: readonly Opening[]
  time_zone?: string
  [other: string]: unknown
}

export interface Disposition {
  id: string
  title: string
}

export interface Queue {
  id: string
  title: string
  strategy: Strategy
  needs: readonly Need[]
  language_level: number
  tier_after_s: number
  overflow: readonly Step[]
  hours: Hours | null
  max_wait_s: number
  max_length: number | null
  target: { percent: number; within_s: number }
  ring_s: number
  missed_limit: number
  wrap_up_s: number
  age_s: number
  when_empty: 'leave' | 'wait'
  announce: { first_s: number; every_s: number; position: boolean; wait: boolean; comfort: Readonly<Record<string, string>> }
  keys: { callback: string | null; voicemail: string | null }
  callback: { tries: number; minutes: number }
  dispositions: readonly Disposition[]
}

export interface Kept {
  queue: Queue
  revision: number
  /** Somebody has defined it; else a flow names it. */
  stored: boolean
}

export const usual: Queue = {
  id: '',
  title: '',
  strategy: 'longest_idle',
  needs: [],
  language_level: 0,
  tier_after_s: 20,
  overflow: [],
  hours: null,
  max_wait_s: 600,
  max_length: null,
  target: { percent: 80, within_s: 20 },
  ring_s: 20,
  missed_limit: 3,
  wrap_up_s: 0,
  age_s: 60,
  when_empty: 'leave',
  announce: { first_s: 15, every_s: 45, position: true, wait: true, comfort: {} },
  keys: { callback: null, voicemail: null },
  callback: { tries: 3, minutes: 10 },
  dispositions: [],
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** As the service gives it; what it leaves out has the usual value. */
export function readQueue(value: unknown): Queue | undefined {
  if (!isObject(value) || typeof value.id !== 'string') return undefined
  const read = value as Partial<Queue>
  return {
    ...usual,
    ...read,
    target: { ...usual.target, ...read.target },
    announce: { ...usual.announce, ...read.announce },
    keys: { ...usual.keys, ...read.keys },
    callback: { ...usual.callback, ...read.callback },
    hours: isObject(read.hours) ? { ...read.hours, weekly: Array.isArray(read.hours.weekly) ? read.hours.weekly : [] } : null,
  }
}

export function readKept(value: unknown): Kept | undefined {
  if (!isObject(value)) return undefined
  const queue = readQueue(value.queue)
  return queue && { queue, revision: typeof value.revision === 'number' ? value.revision : 0, stored: value.stored !== false }
}

/** Without what was begun and left empty. */
export function tidy(queue: Queue): Queue {
  const comfort = Object.fromEntries(Object.entries(queue.announce.comfort).filter(([, words]) => words.trim() !== ''))
  return {
    ...queue,
    id: queue.id.trim(),
    title: queue.title.trim(),
    needs: queue.needs.filter(({ skill }) => skill.trim() !== '').map(({ skill, level }) => ({ skill: skill.trim(), level })),
    announce: { ...queue.announce, comfort },
    dispositions: queue.dispositions.filter(({ id, title }) => id.trim() !== '' || title.trim() !== '').map(({ id, title }) => ({ id: id.trim() || nameOf(title), title: title.trim() })),
  }
}

/** A name for documents from one for people: `Call again` → `call_again`. */
export const nameOf = (title: string): string =>
  title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')

const members = new Set(Object.keys(usual))

/**
 * The service's message by member: `The queue cannot be used. needs: x is there twice. keys: both have the same key.` What names no member
 * is under ''.
 */
export function problems(message: string): Record<string, string> {
  const found: Record<string, string> = {}
  let member = ''
  for (const sentence of message.split(/(?<=\.)\s+/)) {
    const [, name, rest] = /^([a-z_]+): (.*)$/s.exec(sentence) ?? []
    if (name !== undefined && members.has(name)) member = name
    const words = name !== undefined && members.has(name) ? (rest ?? '') : sentence
    found[member] = found[member] === undefined ? words : `${found[member]} ${words}`
  }
  // The sentence that only says that there are some.
  if (Object.keys(found).length > 1) delete found['']
  return found
}

export const same = (a: Queue, b: Queue): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Moves the entry at `from` by one towards the beginning. */
export function up<T>(list: readonly T[], from: number): T[] {
  const moved = [...list]
  const [entry] = moved.splice(from, 1)
  if (entry !== undefined) moved.splice(Math.max(0, from - 1), 0, entry)
  return moved
}
