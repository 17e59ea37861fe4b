/** What the numbers of the floor mean: when one calls for somebody to look, and who is counted in it. Pure. */
import type { Agent, AgentStanding, AgentState, QueueStanding } from '../api/floor'

export type Tone = 'none' | 'good' | 'warn' | 'bad'

/** So far below its aim, a service level is more than a passing dip. */
const DIP = 0.1

export function levelTone(level: number | undefined, target: number): Tone {
  if (level === undefined || target <= 0) return 'none'
  if (level >= target) return 'good'
  return level > target - DIP ? 'warn' : 'bad'
}

/** A wait beyond the time aimed at is late; beyond three times that, somebody must act. */
export function waitTone(waited_s: number, within_s: number): Tone {
  if (within_s <= 0 || waited_s <= within_s) return 'none'
  return waited_s > 3 * within_s ? 'bad' : 'warn'
}

/** One in twenty who hang up is usual; one in ten is too many. */
export function abandonTone(share: number | undefined): Tone {
  if (share === undefined || share <= 0.05) return 'none'
  return share > 0.1 ? 'bad' : 'warn'
}

/** The state as people see it: somebody free without a phone is not there. */
export const shownState = ({ state, reachable }: Pick<AgentStanding, 'state' | 'reachable'>): AgentState =>
  state === 'free' && !reachable ? 'offline' : state

export const worksIn = (agent: Agent | undefined, queue: string): boolean => !agent?.queues || queue in agent.queues

export interface AgentFilter {
  queue?: string
  state?: AgentState
}

export const agentsOf = (standing: readonly AgentStanding[], { queue, state }: AgentFilter, profiles: ReadonlyMap<string, Agent>): AgentStanding[] =>
  standing.filter(
    (agent) =>
      (state === undefined || shownState(agent) === state) && (queue === undefined || worksIn(profiles.get(agent.extension), queue)),
  )

/** All queues as one line of numbers; what is aimed at is each queue's own. */
export function together(queues: readonly QueueStanding[]) {
  const sum = (of: (queue: QueueStanding) => number) => queues.reduce((before, queue) => before + of(queue), 0)
  return { waiting: sum(({ waiting }) => waiting), longest_wait_s: Math.max(0, ...queues.map(({ longest_wait_s, waiting }) => (waiting > 0 ? longest_wait_s : 0))) }
}

const folded = (text: string): string => text.normalize('NFKC').toLocaleLowerCase()

/** Whether all words that are looked for were said, in any order; Chinese is looked for as it stands. */
export function wasSaid(said: readonly string[], wanted: string): boolean {
  const words = folded(wanted).split(/\s+/).filter(Boolean)
  const text = folded(said.join('\n'))
  return words.every((word) => text.includes(word))
}
