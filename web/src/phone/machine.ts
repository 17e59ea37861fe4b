/**
 * The agent's phone as a pure machine: what happens goes in, what is to be done comes out. It has no socket, no microphone and no
 * clock, so every order in which things can happen is a test. Which leg is heard and speaks follows from the state (`sounding`).
 *
 * What a person asks for while the connection is away is kept as what they want, and made so when the service says what is there
 * (`ready`): a leg that they hung up is hung up, one that they held is held, one whose sound is gone gets a new way for it.
 */
import type { FromService, KeptLeg, ToService } from '../api/phoneFrames'
import type { NoMicrophoneReason } from '../rtc/microphone'
import type { MediaState } from '../rtc/peer'
import type { Quality } from '../rtc/quality'

/** `elsewhere`: another tab has the phone. `signed_out`: the sign-in has expired; calls go on. */
export type Line = 'off' | 'connecting' | 'ready' | 'retrying' | 'elsewhere' | 'signed_out'

/** `answering`: accepted, not yet connected. `dialling`: called by us, not yet answered. */
export type Stage = 'ringing' | 'answering' | 'dialling' | 'talking' | 'held'

/** What an offer is for. */
export type Purpose = 'accept' | 'dial' | 'restart'

export interface Leg {
  id: string
  direction: 'in' | 'out'
  /** Who is at the other end: their number, or what was dialled. */
  party: string
  /** What they dialled. */
  to?: string
  queue?: string
  /** The call it is part of; of a leg that we dialled often unknown. */
  call?: string
  stage: Stage
  /** When this leg began, in ms since the epoch. */
  began: number
  /** When it was answered. */
  answered?: number
  muted: boolean
  media: 'none' | 'opening' | MediaState
  /** An offer that has not been answered yet. */
  pending?: Purpose
  /** How far the other end is. */
  progress?: 'trying' | 'ringing'
  /** On whose behalf it was dialled: the leg that waits meanwhile. */
  consults?: string
  transfer?: { state: 'asked' | 'accepted' | 'ringing' | 'failed'; to: string; reason?: string }
  /** Hung up here; the service has yet to hear of it. */
  ending: boolean
  quality?: Quality
}

/** Something that went wrong and that the person at the phone should know. */
export type Trouble =
  | { what: 'microphone'; reason: NoMicrophoneReason }
  /** The service's own words. */
  | { what: 'refused'; code: string; message: string }

export interface State {
  line: Line
  tab: string
  extension?: string
  iceServers: RTCIceServer[]
  legs: readonly Leg[]
  trouble?: Trouble
  /** Connections in a row that did not come to stand. */
  failures: number
  /** The person asked for the phone to be here. */
  takeOver: boolean
}

export type Input =
  | { type: 'start' }
  | { type: 'stop' }
  | { type: 'opened' }
  | { type: 'closed'; signedOut?: boolean }
  | { type: 'frame'; frame: FromService }
  | { type: 'take_over' }
  | { type: 'retry' }
  | { type: 'signed_in' }
  | { type: 'accept'; leg: string }
  | { type: 'decline'; leg: string; reason?: string }
  | { type: 'dial'; leg: string; to: string; consults?: string }
  | { type: 'hang_up'; leg: string }
  | { type: 'hold'; leg: string; on: boolean }
  | { type: 'mute'; leg: string; on: boolean }
  | { type: 'key'; leg: string; digit: string }
  | { type: 'transfer'; leg: string; to: string }
  /** Connects whoever waits with whoever was dialled on their behalf. */
  | { type: 'complete'; leg: string }
  | { type: 'offered'; leg: string; for: Purpose; sdp: string }
  | { type: 'unavailable'; leg: string; for: Purpose; reason: NoMicrophoneReason }
  | { type: 'media'; leg: string; state: MediaState }
  | { type: 'network' }
  | { type: 'quality'; leg: string; quality: Quality }
  | { type: 'calm' }

export type Action =
  | { do: 'connect'; after_ms: number }
  | { do: 'disconnect' }
  | { do: 'send'; frame: ToService }
  /** Makes an offer and hands it in as `offered`; `fresh` asks for a new peer connection. */
  | { do: 'offer'; leg: string; for: Purpose; fresh: boolean }
  /** Gets ready for an `accept` that may come. */
  | { do: 'prepare'; leg: string }
  | { do: 'answer'; leg: string; sdp: string }
  | { do: 'key'; leg: string; digit: string }
  | { do: 'ended'; leg: Leg; reason: string; missed: boolean }

const RETRY_MS = [250, 500, 1_000, 2_000, 4_000, 8_000]

export const initial = (tab: string): State => ({ line: 'off', tab, iceServers: [], legs: [], failures: 0, takeOver: false })

/** Those that are somebody's ear and mouth now. */
export const sounding = (leg: Leg): { speak: boolean; hear: boolean } => {
  const talking = leg.stage === 'talking' && !leg.ending
  return { speak: talking && !leg.muted, hear: talking || (leg.stage === 'dialling' && !leg.ending) }
}

/** Whether the person is busy with a leg: it is theirs, and more than an offer. */
export const isOwn = ({ stage, ending }: Leg): boolean => stage !== 'ringing' && !ending

export const ringing = (state: State): Leg | undefined => state.legs.find(({ stage }) => stage === 'ringing')

/** The leg that is at the ear; else one that waits. */
export const current = (state: State): Leg | undefined => {
  const own = state.legs.filter(isOwn)
  return own.find(({ stage }) => stage !== 'held') ?? own.at(-1)
}

/** The machine between one input and its state: collects what is to be done. */
class Step {
  readonly actions: Action[] = []

  constructor(
    public state: State,
    readonly now: number,
  ) {}

  leg(id: string): Leg | undefined {
    return this.state.legs.find((leg) => leg.id === id)
  }

  put(leg: Leg): void {
    const known = this.leg(leg.id) !== undefined
    const legs = known ? this.state.legs.map((each) => (each.id === leg.id ? leg : each)) : [...this.state.legs, leg]
    this.state = { ...this.state, legs }
  }

  change(id: string, what: Partial<Leg>): Leg | undefined {
    const leg = this.leg(id)
    if (!leg) return undefined
    const changed = { ...leg, ...what }
    this.put(changed)
    return changed
  }

  do(action: Action): void {
    this.actions.push(action)
  }

  /** Only while somebody listens; what it was about is made good by `ready`. */
  send(frame: ToService): void {
    if (this.state.line === 'ready') this.do({ do: 'send', frame })
  }

  offer(id: string, purpose: Purpose, fresh: boolean): void {
    if (!this.change(id, { pending: purpose, media: fresh ? 'opening' : (this.leg(id)?.media ?? 'opening') })) return
    this.do({ do: 'offer', leg: id, for: purpose, fresh })
  }

  end(id: string, reason: string): void {
    const leg = this.leg(id)
    if (!leg) return
    this.state = { ...this.state, legs: this.state.legs.filter((each) => each.id !== id) }
    this.do({ do: 'ended', leg, reason, missed: leg.stage === 'ringing' && !leg.ending })
    // Who was waited for is gone: whoever waits does so for nobody.
    for (const other of this.state.legs) if (other.consults === id) this.change(other.id, { consults: undefined })
  }

  hold(id: string, on: boolean): void {
    const leg = this.leg(id)
    if (leg?.stage !== (on ? 'talking' : 'held') || leg.ending) return
    this.change(id, { stage: on ? 'held' : 'talking' })
    this.send({ type: 'hold', leg: id, on })
  }

  /** Nobody has two ears: all but one wait, and nobody else is called any more. */
  alone(id: string): void {
    for (const leg of this.state.legs) {
      if (leg.id === id) continue
      if (leg.stage === 'dialling') this.hangUp(leg.id)
      else this.hold(leg.id, true)
    }
  }

  hangUp(id: string, reason = 'hung_up'): void {
    const leg = this.leg(id)
    if (!leg || leg.ending) return
    if (leg.stage === 'ringing') this.send({ type: 'decline', leg: id })
    else this.send({ type: 'hang_up', leg: id })
    // What the service cannot hear of now it hears later; the sound stops at once.
    if (this.state.line === 'ready') this.end(id, reason)
    else this.change(id, { ending: true })
  }
}

function ready(step: Step, frame: Extract<FromService, { type: 'ready' }>): void {
  step.state = { ...step.state, line: 'ready', extension: frame.extension, iceServers: frame.ice_servers, failures: 0, takeOver: false }
  const kept = new Set(frame.legs.map(({ leg }) => leg))
  for (const leg of step.state.legs) {
    // One that we dial may not have reached the service yet.
    const unsent = leg.stage === 'dialling' && leg.pending === 'dial'
    if (kept.has(leg.id)) continue
    if (leg.ending) step.end(leg.id, 'hung_up')
    else if (unsent) step.offer(leg.id, 'dial', false)
    else step.end(leg.id, 'lost')
  }
  for (const there of frame.legs) found(step, there)
  const front = current(step.state)
  if (front) step.alone(front.id)
}

/** A leg that the service has kept: made what the person wants it to be. */
function found(step: Step, there: KeptLeg): void {
  const mine = step.leg(there.leg)
  const began = there.since ?? step.now
  if (!mine) {
    const base: Leg = { id: there.leg, direction: 'in', party: there.from, call: there.call, stage: 'ringing', began, muted: false, media: 'none', ending: false }
    if (there.state === 'ringing') {
      step.put(base)
      step.do({ do: 'prepare', leg: base.id })
    } else if (there.state === 'dialling') {
      // The offer with which it was dialled is gone with the page before; this one is answered in its place.
      step.put({ ...base, direction: 'out', stage: 'dialling' })
      step.offer(base.id, 'restart', true)
    } else {
      step.put({ ...base, stage: there.state === 'held' ? 'held' : 'talking', answered: began })
      step.offer(base.id, 'restart', true)
    }
    return
  }
  if (mine.ending) {
    step.send(mine.stage === 'ringing' ? { type: 'decline', leg: mine.id } : { type: 'hang_up', leg: mine.id })
    return step.end(mine.id, 'hung_up')
  }
  if (there.state === 'ringing') {
    if (mine.stage === 'answering') step.offer(mine.id, 'accept', false)
    return
  }
  if (there.state === 'dialling') return
  if (mine.stage === 'ringing' || mine.stage === 'answering' || mine.stage === 'dialling') {
    // It was connected, and the answer got lost on its way.
    step.change(mine.id, { stage: there.state === 'held' ? 'held' : 'talking', answered: mine.answered ?? step.now, call: mine.call ?? there.call })
    step.offer(mine.id, 'restart', true)
  } else {
    const held = mine.stage === 'held'
    if (held !== (there.state === 'held')) step.send({ type: 'hold', leg: mine.id, on: held })
    if (mine.media !== 'up' || mine.pending) step.offer(mine.id, 'restart', false)
  }
}

function heard(step: Step, frame: FromService): void {
  switch (frame.type) {
    case 'ready':
      return ready(step, frame)
    case 'elsewhere':
      for (const leg of step.state.legs) step.end(leg.id, 'elsewhere')
      step.state = { ...step.state, line: 'elsewhere', takeOver: false }
      return step.do({ do: 'disconnect' })
    case 'signed_out':
      step.state = { ...step.state, line: 'signed_out' }
      return
    case 'ringing': {
      if (step.leg(frame.leg)) return
      const { leg: id, call, from, to, queue } = frame
      step.put({ id, direction: 'in', party: from, to, queue, call, stage: 'ringing', began: step.now, muted: false, media: 'none', ending: false })
      return step.do({ do: 'prepare', leg: id })
    }
    case 'stopped':
    case 'ended':
      return step.end(frame.leg, frame.reason)
    case 'progress': {
      const { state } = frame
      if (state === 'trying' || state === 'ringing') step.change(frame.leg, { progress: state })
      return
    }
    case 'connected': {
      const leg = step.leg(frame.leg)
      if (!leg || leg.ending || (leg.stage !== 'answering' && leg.stage !== 'dialling')) return
      const answers = leg.pending !== undefined
      step.change(leg.id, { stage: 'talking', answered: step.now, pending: undefined, call: leg.call ?? frame.call })
      step.alone(leg.id)
      if (answers) step.do({ do: 'answer', leg: leg.id, sdp: frame.sdp })
      else step.offer(leg.id, 'restart', true)
      return
    }
    case 'restarted': {
      const leg = step.leg(frame.leg)
      if (leg?.pending !== 'restart') return
      step.change(leg.id, { pending: undefined })
      return step.do({ do: 'answer', leg: leg.id, sdp: frame.sdp })
    }
    case 'transfer': {
      const leg = step.leg(frame.leg)
      const { state, reason } = frame
      if (!leg?.transfer) return
      // When it is done, the legs end by themselves.
      if (state === 'accepted' || state === 'ringing' || state === 'failed') step.change(leg.id, { transfer: { ...leg.transfer, state, reason } })
      return
    }
    case 'error': {
      const leg = frame.leg === undefined ? undefined : step.leg(frame.leg)
      step.state = { ...step.state, trouble: { what: 'refused', code: frame.code, message: frame.message } }
      // An offer that was no good leaves the call ringing.
      if (leg?.stage === 'answering' && frame.code !== 'no_such_leg') return void step.change(leg.id, { stage: 'ringing', pending: undefined })
      if (leg?.stage === 'answering' || leg?.stage === 'dialling') return step.end(leg.id, 'refused')
      if (leg?.transfer) step.change(leg.id, { transfer: { ...leg.transfer, state: 'failed', reason: frame.message } })
      return
    }
  }
}

function asked(step: Step, input: Input): void {
  switch (input.type) {
    case 'start':
    case 'take_over':
    case 'signed_in':
    case 'retry': {
      if (input.type === 'signed_in' && step.state.line !== 'signed_out') return
      if (input.type === 'retry' && !['retrying', 'signed_out'].includes(step.state.line)) return
      if (input.type === 'start' && step.state.line !== 'off') return
      if (input.type === 'take_over' && step.state.line !== 'elsewhere') return
      step.state = { ...step.state, line: 'connecting', takeOver: input.type === 'take_over' }
      return step.do({ do: 'connect', after_ms: 0 })
    }
    case 'stop':
      for (const leg of step.state.legs) step.end(leg.id, 'closed')
      step.state = { ...step.state, line: 'off' }
      return step.do({ do: 'disconnect' })
    case 'opened':
      return step.do({ do: 'send', frame: { type: 'hello', tab: step.state.tab, take_over: step.state.takeOver } })
    case 'closed': {
      const { line, failures } = step.state
      if (line === 'off' || line === 'elsewhere') return
      step.state = { ...step.state, line: input.signedOut === true || line === 'signed_out' ? 'signed_out' : 'retrying', failures: failures + 1 }
      return step.do({ do: 'connect', after_ms: RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 8_000 })
    }
    case 'frame':
      return heard(step, input.frame)
    case 'accept': {
      if (step.leg(input.leg)?.stage !== 'ringing') return
      step.state = { ...step.state, trouble: undefined }
      step.alone(input.leg)
      step.change(input.leg, { stage: 'answering' })
      return step.offer(input.leg, 'accept', false)
    }
    case 'decline': {
      const leg = step.leg(input.leg)
      if (leg?.stage !== 'ringing') return
      if (step.state.line !== 'ready') return step.hangUp(leg.id)
      step.send({ type: 'decline', leg: leg.id, ...(input.reason === undefined ? {} : { reason: input.reason }) })
      step.change(leg.id, { ending: true })
      return step.end(leg.id, 'declined')
    }
    case 'dial': {
      if (step.leg(input.leg) || input.to.trim() === '') return
      step.state = { ...step.state, trouble: undefined }
      step.alone(input.leg)
      const { leg: id, to, consults } = input
      const waits = consults !== undefined && step.leg(consults)?.stage === 'held' ? consults : undefined
      step.put({ id, direction: 'out', party: to.trim(), stage: 'dialling', began: step.now, muted: false, media: 'none', consults: waits, ending: false })
      return step.offer(id, 'dial', true)
    }
    case 'hang_up':
      return step.hangUp(input.leg)
    case 'hold':
      if (!input.on) step.alone(input.leg)
      return step.hold(input.leg, input.on)
    case 'mute':
      return void step.change(input.leg, { muted: input.on })
    case 'key':
      if (step.leg(input.leg)?.stage === 'talking') step.do({ do: 'key', leg: input.leg, digit: input.digit })
      return
    case 'transfer': {
      const leg = step.leg(input.leg)
      const to = input.to.trim()
      if (!leg || (leg.stage !== 'talking' && leg.stage !== 'held') || to === '' || step.state.line !== 'ready') return
      step.change(leg.id, { transfer: { state: 'asked', to } })
      return step.send({ type: 'transfer', leg: leg.id, to })
    }
    case 'complete': {
      const second = step.leg(input.leg)
      const first = second?.consults === undefined ? undefined : step.leg(second.consults)
      if (!second || !first || second.stage === 'dialling' || step.state.line !== 'ready') return
      step.change(first.id, { transfer: { state: 'asked', to: second.party } })
      return step.send({ type: 'transfer', leg: first.id, replaces: second.id })
    }
    case 'offered': {
      const leg = step.leg(input.leg)
      if (leg?.pending !== input.for || leg.ending) return
      const { sdp } = input
      if (input.for === 'dial') step.send({ type: 'dial', leg: leg.id, to: leg.party, sdp })
      else step.send({ type: input.for, leg: leg.id, sdp })
      return
    }
    case 'unavailable': {
      const leg = step.leg(input.leg)
      if (!leg) return
      step.state = { ...step.state, trouble: { what: 'microphone', reason: input.reason } }
      // A call that is offered goes on being offered; one that was to be made is not made; one that goes on is heard at least.
      if (input.for === 'accept') step.change(leg.id, { stage: 'ringing', pending: undefined, media: 'none' })
      else if (input.for === 'dial') step.end(leg.id, 'no_microphone')
      else step.change(leg.id, { pending: undefined, media: 'lost' })
      return
    }
    case 'media': {
      const leg = step.leg(input.leg)
      if (!leg) return
      step.change(leg.id, { media: input.state, quality: input.state === 'up' ? leg.quality : undefined })
      if (input.state === 'lost' && isOwn(leg) && !leg.pending && step.state.line === 'ready') step.offer(leg.id, 'restart', false)
      return
    }
    case 'network':
      // The old way may look alive for long: a new one is asked for at once, or as soon as the line is back.
      for (const leg of step.state.legs) {
        if ((leg.stage !== 'talking' && leg.stage !== 'held') || leg.ending) continue
        if (step.state.line === 'ready') step.offer(leg.id, 'restart', false)
        else step.change(leg.id, { media: 'shaky' })
      }
      return
    case 'quality': {
      const { leg, quality } = input
      if (!step.change(leg, { quality })) return
      const { loss, jitter_ms, rtt_ms = 0, mos } = quality
      return step.send({ type: 'quality', leg, loss, jitter_ms: Math.round(jitter_ms), rtt_ms: Math.round(rtt_ms), mos: Math.round(mos * 100) / 100 })
    }
    case 'calm':
      step.state = { ...step.state, trouble: undefined }
  }
}

/** What becomes of the phone when something happens; `now` is in ms since the epoch. */
export function after(state: State, input: Input, now: number): [State, Action[]] {
  const step = new Step(state, now)
  asked(step, input)
  return [step.state, step.actions]
}
