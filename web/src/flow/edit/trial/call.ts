/** A call without a telephone: what is sent to have it played, what comes back, and how that reads as a conversation. */

export type Expected = Readonly<Record<string, unknown>>

/** What happens at one step of a test; one of them. */
export interface Act {
  /** Words, or how they were heard. */
  hear?: string | { text: string; confidence?: number; alternatives?: readonly string[] }
  keys?: string
  silence?: number
  http?: { url?: string; status?: number; body?: unknown; fail?: string }
  knowledge?: { question?: string; short?: string; rest?: string }
  agent?: AgentNews
  hang_up?: boolean
  expect?: Expected
}

export const agentNews = ['bridged', 'no_agents', 'timeout', 'failed'] as const
/** Of one person who is called. */
export const callNews = ['bridged', 'busy', 'timeout', 'failed'] as const
export type AgentNews = (typeof agentNews)[number] | (typeof callNews)[number] | 'agent_ended'

export interface Test {
  name: string
  language?: string
  /** With its zone, as in RFC 9557: `2026-11-28T10:00[Europe/London]`. */
  time?: string
  steps: readonly Act[]
  /** What this page does not fill in is kept. */
  [member: string]: unknown
}

interface Scored {
  intent: string
  confidence: number
}

export interface Meaning {
  decision: 'accept' | 'disambiguate' | 'reject'
  intent?: string
  between?: readonly string[]
  ranking: readonly Scored[]
}

type Happened =
  | { kind: 'said'; text: string; language: string }
  | { kind: 'heard'; text: string; confidence: number }
  | { kind: 'keys'; keys: string }
  | { kind: 'silence' }
  | { kind: 'hung_up' }
  | { kind: 'left_queue' }
  | { kind: 'entered'; block: string; block_kind: string }
  | { kind: 'left'; block: string; edge: string; to: string }
  | { kind: 'understood'; block: string; meaning: Meaning }
  | { kind: 'chosen'; block: string; option: string; confidence: number }
  | { kind: 'command'; block: string; command: string }
  | { kind: 'slot'; block: string; name: string; value: string }
  | { kind: 'confirming'; block: string; between: readonly string[] }
  | { kind: 'language'; language: string }
  | { kind: 'no_input'; block: string }
  | { kind: 'no_match'; block: string }
  | { kind: 'request'; method: string; url: string; body?: unknown }
  | { kind: 'reply'; block: string; status: number | null }
  | { kind: 'question'; question: string }
  | { kind: 'answer'; block: string; article: string | null }
  | { kind: 'queued'; queue: string }
  | { kind: 'transferring'; to: string }
  | { kind: 'inquired'; what: { about: 'queue'; queue: string } | { about: 'customer'; number: string } }
  | { kind: 'told'; block: string; known: Readonly<Record<string, unknown>> }
  | { kind: 'callback'; number: string }
  | { kind: 'recording'; on: boolean }
  | { kind: 'rated'; block: string; name: string; score: number; scale: number }
  | { kind: 'tagged'; block: string; tags: readonly string[] }
  | { kind: 'ticket'; subject: string; body: string }
  | { kind: 'error'; block: string; message: string }
  | { kind: 'ended'; outcome: string }

export type Step = { at_ms: number } & Happened

export type Waiting =
  | { for: 'caller'; block: string; keys: boolean }
  | { for: 'reply'; method: string; url: string; body?: unknown }
  | { for: 'knowledge'; question: string }
  | { for: 'agent'; queue: string }
  | { for: 'over'; outcome: string }

export interface Missed {
  /** The step of the test, from 1; 0 when the call could not begin. */
  step: number
  message: string
}

export interface Played {
  test: Test
  failures: readonly Missed[]
  steps: readonly Step[]
  waiting: Waiting | null
}

const ACTS = ['heard', 'keys', 'silence', 'hung_up'] as const
const WAY = ['entered', 'left'] as const
type ActStep = Extract<Step, { kind: (typeof ACTS)[number] }>
type WayStep = Extract<Step, { kind: (typeof WAY)[number] }>
/** What is shown between the words. */
export type Note = Exclude<Step, ActStep | WayStep>

/** What the caller did, and all that came of it. */
export interface Turn {
  /** Nothing before the caller's first turn. */
  caller: ActStep | undefined
  notes: readonly Note[]
  /** The blocks passed, each with the edge that led there. */
  way: readonly { block: string; edge: string | undefined }[]
}

const isAct = (step: Step): step is ActStep => (ACTS as readonly string[]).includes(step.kind)
const isWay = (step: Step): step is WayStep => (WAY as readonly string[]).includes(step.kind)

export function turns(steps: readonly Step[]): Turn[] {
  const all: { caller: ActStep | undefined; notes: Note[]; way: { block: string; edge: string | undefined }[] }[] = []
  let edge: string | undefined
  // A call begins with its language, which whoever tries it has chosen.
  for (const step of steps[0]?.kind === 'language' ? steps.slice(1) : steps) {
    if (isAct(step)) all.push({ caller: step, notes: [], way: [] })
    else if (all.length === 0) all.push({ caller: undefined, notes: [], way: [] })
    const turn = all.at(-1)
    if (!turn || isAct(step)) continue
    if (!isWay(step)) turn.notes.push(step)
    else if (step.kind === 'left') edge = step.edge
    else {
      turn.way.push({ block: step.block, edge })
      edge = undefined
    }
  }
  return all
}

/** The language that the call has come to. */
export const languageOf = (steps: readonly Step[]): string | undefined => steps.findLast((step) => step.kind === 'language')?.language

/** Whether it is one person who is called, not a queue. */
export const isCalling = (steps: readonly Step[]): boolean => steps.findLast(({ kind }) => kind === 'queued' || kind === 'transferring')?.kind === 'transferring'

/** Where a call has been. */
export interface Trail {
  blocks: ReadonlySet<string>
  /** `block edge`. */
  edges: ReadonlySet<string>
  /** The block that waits. */
  waits: string | undefined
}

const lastBlock = (steps: readonly Step[]): string | undefined => steps.filter((step) => step.kind === 'entered').at(-1)?.block

const waitingBlock = ({ steps, waiting }: Pick<Played, 'steps' | 'waiting'>): string | undefined =>
  waiting?.for === 'caller' ? waiting.block || lastBlock(steps) : lastBlock(steps)

export function trail(played: Pick<Played, 'steps' | 'waiting'>): Trail {
  const left = played.steps.filter((step) => step.kind === 'left')
  return {
    blocks: new Set(played.steps.filter((step) => step.kind === 'entered').map(({ block }) => block)),
    edges: new Set(left.map(({ block, edge }) => `${block} ${edge}`)),
    waits: played.waiting === null || played.waiting.for === 'over' ? undefined : waitingBlock(played),
  }
}

/** A call with its last step taken back, and with it what the knowledge base answered by itself; whether there was one. */
export function withoutLast(steps: readonly Act[]): readonly Act[] {
  const last = steps.findLastIndex(({ knowledge }) => knowledge === undefined)
  return last < 0 ? [] : steps.slice(0, last)
}

/**
 * What must come of the call for it to go the same way: how it ended, where the caller waits, or the blocks that the last step led
 * through. The one that asks now would say little alone, where many ways lead to it.
 */
export function expected({ test, steps, waiting }: Pick<Played, 'test' | 'steps' | 'waiting'>): Expected | undefined {
  if (waiting === null || waiting.for === 'reply' || waiting.for === 'knowledge') return undefined
  if (waiting.for === 'over') return { outcome: waiting.outcome }
  if (waiting.for === 'agent') return { queue: waiting.queue }
  const asks = waitingBlock({ steps, waiting })
  if (asks === undefined) return undefined
  // News of an agent begins no turn of the caller's, so what came before it is not of the last step.
  const isCallers = test.steps.findLast(({ http, knowledge }) => http === undefined && knowledge === undefined)?.agent === undefined
  const passed = isCallers ? (turns(steps).at(-1)?.way ?? []).map(({ block }) => block) : []
  const blocks = [...new Set([...passed, asks])]
  return { block: blocks.length === 1 ? asks : blocks }
}

/** The call as a test; nothing while it waits for an answer that a test would have to give. */
export function kept(played: Played, name: string): Test | undefined {
  const expect = expected(played)
  return expect && { ...played.test, name, steps: [...played.test.steps, { expect }] }
}

/** A time as tests have it, from the local one of a field: `2026-11-28T10:00`. */
export const timeOf = (local: string, zone: string): string => `${local}[${zone}]`

const two = (value: number) => String(value).padStart(2, '0')

export const localTime = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`
