import { describe, expect, test } from 'vitest'
import type { FromService, KeptLeg, ToService } from '../api/phoneFrames'
import { after, current, initial, isOwn, ringing, sounding, type Action, type Input, type State } from './machine'

/** A phone to which things happen, one after the other. */
function phone(...before: Input[]) {
  let state = initial('tab')
  let actions: Action[] = []
  let now = 1_000
  const happen = (...inputs: Input[]) => {
    actions = []
    for (const input of inputs) {
      const [next, more] = after(state, input, (now += 100))
      state = next
      actions.push(...more)
    }
    return self
  }
  const sent = (): ToService[] => actions.flatMap((action) => (action.do === 'send' ? [action.frame] : []))
  const self = {
    happen,
    sent,
    state: () => state,
    actions: () => actions,
    leg: (id: string) => state.legs.find((leg) => leg.id === id),
    stages: () => Object.fromEntries(state.legs.map(({ id, stage }) => [id, stage])),
  }
  return happen(...before)
}

const frame = (frame: FromService): Input => ({ type: 'frame', frame })
const ready = (...legs: KeptLeg[]): Input => frame({ type: 'ready', extension: '1001', ice_servers: [], legs })
const rings = (leg: string): Input => frame({ type: 'ringing', leg, call: `call-${leg}`, from: '+49301', to: '100', queue: 'sales' })
const started: Input[] = [{ type: 'start' }, { type: 'opened' }, ready()]
const taken = (leg: string): Input[] => [
  rings(leg),
  { type: 'accept', leg },
  { type: 'offered', leg, for: 'accept', sdp: 'offer' },
  frame({ type: 'connected', leg, sdp: 'answer' }),
  { type: 'media', leg, state: 'up' },
]
const dialled = (leg: string, to: string, consults?: string): Input[] => [
  { type: 'dial', leg, to, consults },
  { type: 'offered', leg, for: 'dial', sdp: 'offer' },
  frame({ type: 'connected', leg, sdp: 'answer' }),
  { type: 'media', leg, state: 'up' },
]

describe('a call', () => {
  test('is offered, got ready for, taken with an offer, and heard', () => {
    const it = phone(...started, rings('a'))
    expect(ringing(it.state())).toMatchObject({ id: 'a', party: '+49301', queue: 'sales', call: 'call-a' })
    expect(it.actions()).toContainEqual({ do: 'prepare', leg: 'a' })
    it.happen({ type: 'accept', leg: 'a' })
    expect(it.actions()).toEqual([{ do: 'offer', leg: 'a', for: 'accept', fresh: false }])
    it.happen({ type: 'offered', leg: 'a', for: 'accept', sdp: 'mine' })
    expect(it.sent()).toEqual([{ type: 'accept', leg: 'a', sdp: 'mine' }])
    it.happen(frame({ type: 'connected', leg: 'a', sdp: 'theirs' }))
    expect(it.actions()).toEqual([{ do: 'answer', leg: 'a', sdp: 'theirs' }])
    expect(sounding(it.leg('a')!)).toEqual({ speak: true, hear: true })
  })

  test('that somebody else took, or that is gone, rings no more and was missed', () => {
    const it = phone(...started, rings('a')).happen(frame({ type: 'stopped', leg: 'a', reason: 'answered_elsewhere' }))
    expect(it.state().legs).toEqual([])
    expect(it.actions()).toMatchObject([{ do: 'ended', reason: 'answered_elsewhere', missed: true }])
  })

  test('that is declined is not missed', () => {
    const it = phone(...started, rings('a')).happen({ type: 'decline', leg: 'a', reason: 'busy' })
    expect(it.sent()).toEqual([{ type: 'decline', leg: 'a', reason: 'busy' }])
    expect(it.actions()).toContainEqual(expect.objectContaining({ do: 'ended', missed: false }))
  })

  test('goes on being offered when there is no microphone, and the person is told', () => {
    const it = phone(...started, rings('a')).happen({ type: 'accept', leg: 'a' }, { type: 'unavailable', leg: 'a', for: 'accept', reason: 'refused' })
    expect(it.leg('a')?.stage).toBe('ringing')
    expect(it.state().trouble).toEqual({ what: 'microphone', reason: 'refused' })
    expect(it.sent()).toEqual([])
    it.happen({ type: 'accept', leg: 'a' })
    expect(it.state().trouble).toBeUndefined()
  })

  test('is neither heard nor does it hear while it is held; muted it hears', () => {
    const it = phone(...started, ...taken('a')).happen({ type: 'hold', leg: 'a', on: true })
    expect(it.sent()).toEqual([{ type: 'hold', leg: 'a', on: true }])
    expect(sounding(it.leg('a')!)).toEqual({ speak: false, hear: false })
    it.happen({ type: 'hold', leg: 'a', on: false }, { type: 'mute', leg: 'a', on: true })
    expect(sounding(it.leg('a')!)).toEqual({ speak: false, hear: true })
  })

  test('that is taken beside another has the other wait', () => {
    const it = phone(...started, ...taken('a')).happen(rings('b'), { type: 'accept', leg: 'b' })
    expect(it.stages()).toEqual({ a: 'held', b: 'answering' })
    expect(it.sent()).toEqual([{ type: 'hold', leg: 'a', on: true }])
  })

  test('that the service refuses to dial ends with its words', () => {
    const it = phone(...started).happen({ type: 'dial', leg: 'a', to: ' 1002 ' }, { type: 'offered', leg: 'a', for: 'dial', sdp: 'o' })
    expect(it.sent()).toEqual([{ type: 'dial', leg: 'a', to: '1002', sdp: 'o' }])
    it.happen(frame({ type: 'error', code: 'nobody', message: 'Nobody has this number.', leg: 'a' }))
    expect(it.state()).toMatchObject({ legs: [], trouble: { what: 'refused', message: 'Nobody has this number.' } })
  })
})

describe('a transfer', () => {
  test('goes to a number, and what comes of it is told', () => {
    const it = phone(...started, ...taken('a')).happen({ type: 'transfer', leg: 'a', to: '1002' })
    expect(it.sent()).toEqual([{ type: 'transfer', leg: 'a', to: '1002' }])
    it.happen(frame({ type: 'transfer', leg: 'a', state: 'failed', reason: 'busy' }))
    expect(it.leg('a')?.transfer).toEqual({ state: 'failed', to: '1002', reason: 'busy' })
  })

  test('after a word with the other has the caller wait, then brings the two together', () => {
    const it = phone(...started, ...taken('a')).happen(...dialled('b', '1002', 'a'))
    // Whoever dials leaves the caller waiting.
    expect(it.sent()).toContainEqual({ type: 'hold', leg: 'a', on: true })
    expect(it.stages()).toEqual({ a: 'held', b: 'talking' })
    expect(it.leg('b')?.consults).toBe('a')
    it.happen({ type: 'complete', leg: 'b' })
    expect(it.sent()).toEqual([{ type: 'transfer', leg: 'a', replaces: 'b' }])
    it.happen(frame({ type: 'ended', leg: 'a', reason: 'transferred' }))
    expect(it.leg('b')?.consults).toBeUndefined()
  })
})

test('whoever goes back to the caller calls nobody else any more', () => {
  const it = phone(...started, ...taken('a'), { type: 'dial', leg: 'b', to: '1002', consults: 'a' }).happen({ type: 'hold', leg: 'a', on: false })
  expect(it.sent()).toEqual([
    { type: 'hang_up', leg: 'b' },
    { type: 'hold', leg: 'a', on: false },
  ])
  expect(it.stages()).toEqual({ a: 'talking' })
})

describe('a connection', () => {
  test('that breaks is made again, later each time, and the call goes on', () => {
    const it = phone(...started, ...taken('a'))
    const pauses: number[] = []
    for (let tries = 0; tries < 7; tries += 1) {
      it.happen({ type: 'closed' })
      for (const action of it.actions()) if (action.do === 'connect') pauses.push(action.after_ms)
    }
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 8_000])
    expect(sounding(it.leg('a')!)).toEqual({ speak: true, hear: true })
    it.happen({ type: 'opened' }, ready({ leg: 'a', state: 'connected', from: '+49301' }))
    expect(it.sent()).toEqual([{ type: 'hello', tab: 'tab', take_over: false }])
    expect(it.stages()).toEqual({ a: 'talking' })
  })

  test('that comes back finds sound that is lost, and asks for a new way', () => {
    const it = phone(...started, ...taken('a'), { type: 'closed' }, { type: 'media', leg: 'a', state: 'lost' })
    it.happen({ type: 'opened' }, ready({ leg: 'a', state: 'connected', from: '' }))
    expect(it.actions()).toContainEqual({ do: 'offer', leg: 'a', for: 'restart', fresh: false })
    it.happen({ type: 'offered', leg: 'a', for: 'restart', sdp: 'new' }, frame({ type: 'restarted', leg: 'a', sdp: 'answer' }))
    expect(it.sent()).toEqual([{ type: 'restart', leg: 'a', sdp: 'new' }])
    expect(it.actions()).toContainEqual({ do: 'answer', leg: 'a', sdp: 'answer' })
  })

  test('of another network is asked for at once', () => {
    const it = phone(...started, ...taken('a')).happen({ type: 'network' })
    expect(it.actions()).toEqual([{ do: 'offer', leg: 'a', for: 'restart', fresh: false }])
  })

  test('that comes back does what was wanted meanwhile', () => {
    const it = phone(...started, ...taken('a'), ...taken('b'), { type: 'closed' })
    it.happen({ type: 'hang_up', leg: 'b' }, { type: 'hold', leg: 'a', on: false })
    expect(it.sent()).toEqual([])
    expect(sounding(it.leg('b')!)).toEqual({ speak: false, hear: false })
    it.happen({ type: 'opened' }, ready({ leg: 'a', state: 'held', from: '' }, { leg: 'b', state: 'connected', from: '' }))
    expect(it.sent()).toEqual([
      { type: 'hello', tab: 'tab', take_over: false },
      { type: 'hold', leg: 'a', on: false },
      { type: 'hang_up', leg: 'b' },
    ])
    expect(it.stages()).toEqual({ a: 'talking' })
  })

  test('whose answer was lost is begun anew', () => {
    const it = phone(...started, rings('a'), { type: 'accept', leg: 'a' }, { type: 'offered', leg: 'a', for: 'accept', sdp: 'o' }, { type: 'closed' })
    it.happen({ type: 'opened' }, ready({ leg: 'a', state: 'connected', from: '' }))
    expect(it.actions()).toContainEqual({ do: 'offer', leg: 'a', for: 'restart', fresh: true })
    expect(it.stages()).toEqual({ a: 'talking' })
  })

  test('that breaks between offer and acceptance accepts again', () => {
    const it = phone(...started, rings('a')).happen({ type: 'closed' }, { type: 'accept', leg: 'a' }, { type: 'offered', leg: 'a', for: 'accept', sdp: 'o' })
    expect(it.sent()).toEqual([])
    it.happen({ type: 'opened' }, ready({ leg: 'a', state: 'ringing', from: '' }), { type: 'offered', leg: 'a', for: 'accept', sdp: 'o2' })
    expect(it.sent()).toContainEqual({ type: 'accept', leg: 'a', sdp: 'o2' })
  })

  test('after which a call is gone says that it was lost', () => {
    const it = phone(...started, ...taken('a'), { type: 'closed' }).happen({ type: 'opened' }, ready())
    expect(it.actions()).toContainEqual(expect.objectContaining({ do: 'ended', reason: 'lost' }))
  })
})

test('a page that was loaded anew takes its calls up with new connections', () => {
  const it = phone({ type: 'start' }, { type: 'opened' }, ready({ leg: 'a', state: 'connected', from: '+49301', call: 'c', since: 5 }, { leg: 'b', state: 'ringing', from: '+49302' }))
  expect(it.actions()).toContainEqual({ do: 'offer', leg: 'a', for: 'restart', fresh: true })
  expect(it.leg('a')).toMatchObject({ stage: 'talking', call: 'c', answered: 5 })
  expect(ringing(it.state())?.id).toBe('b')
})

test('a page that is loaded anew while it dials offers anew, and that offer is answered', () => {
  const it = phone({ type: 'start' }, { type: 'opened' }, ready({ leg: 'a', state: 'dialling', from: '1002' }))
  expect(it.leg('a')).toMatchObject({ stage: 'dialling', direction: 'out', party: '1002' })
  expect(it.actions()).toContainEqual({ do: 'offer', leg: 'a', for: 'restart', fresh: true })
  it.happen({ type: 'offered', leg: 'a', for: 'restart', sdp: 'new' }, frame({ type: 'connected', leg: 'a', sdp: 'answer', call: 'c' }))
  expect(it.sent()).toEqual([{ type: 'restart', leg: 'a', sdp: 'new' }])
  expect(it.actions()).toContainEqual({ do: 'answer', leg: 'a', sdp: 'answer' })
  expect(it.leg('a')).toMatchObject({ stage: 'talking', call: 'c' })
})

test('an offer that the service cannot use leaves the call ringing', () => {
  const it = phone(...started, rings('a'), { type: 'accept', leg: 'a' }, { type: 'offered', leg: 'a', for: 'accept', sdp: 'o' })
  it.happen(frame({ type: 'error', code: 'bad_offer', message: 'There is no sound.', leg: 'a' }))
  expect(it.state()).toMatchObject({ legs: [{ stage: 'ringing' }], trouble: { message: 'There is no sound.' } })
})

test('a second tab is told that the phone is elsewhere, and can have it', () => {
  const it = phone({ type: 'start' }, { type: 'opened' }, frame({ type: 'elsewhere' }))
  expect(it.state().line).toBe('elsewhere')
  expect(it.happen({ type: 'closed' }).actions()).toEqual([])
  it.happen({ type: 'take_over' }, { type: 'opened' })
  expect(it.sent()).toEqual([{ type: 'hello', tab: 'tab', take_over: true }])
  it.happen(ready({ leg: 'a', state: 'held', from: '' }))
  expect(it.stages()).toEqual({ a: 'held' })
})

test('a tab that loses the phone lets its calls go to the other', () => {
  const it = phone(...started, ...taken('a')).happen(frame({ type: 'elsewhere' }))
  expect(it.state().legs).toEqual([])
  expect(it.sent()).toEqual([])
})

test('a sign-in that expires leaves the call alone', () => {
  const it = phone(...started, ...taken('a')).happen(frame({ type: 'signed_out' }), { type: 'closed' })
  expect(it.state().line).toBe('signed_out')
  expect(sounding(it.leg('a')!)).toEqual({ speak: true, hear: true })
  expect(it.happen({ type: 'signed_in' }).actions()).toEqual([{ do: 'connect', after_ms: 0 }])
  expect(it.happen({ type: 'opened' }, ready({ leg: 'a', state: 'connected', from: '' })).stages()).toEqual({ a: 'talking' })
})

/** Numbers that look random and are the same each time (mulberry32). */
function dice(seed: number) {
  return (below: number) => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

test('whatever happens in whatever order, one leg at most is at the ear, and nothing is sent into the void', () => {
  const ids = ['a', 'b', 'c', 'd']
  for (let seed = 1; seed <= 400; seed += 1) {
    const roll = dice(seed)
    const any = <T,>(of: readonly T[]): T => of[roll(of.length)]!
    const leg = () => any(ids)
    const media = ['up', 'shaky', 'lost'] as const
    const purposes = ['accept', 'dial', 'restart'] as const
    const kept = ['ringing', 'dialling', 'connected', 'held'] as const
    const inputs: (() => Input)[] = [
      () => ({ type: 'opened' }),
      () => ({ type: 'closed' }),
      () => ready(...ids.filter(() => roll(2) === 0).map((id): KeptLeg => ({ leg: id, state: any(kept), from: '' }))),
      () => rings(leg()),
      () => frame({ type: any(['connected', 'restarted'] as const), leg: leg(), sdp: 's' }),
      () => frame({ type: any(['stopped', 'ended'] as const), leg: leg(), reason: 'gone' }),
      () => frame({ type: 'transfer', leg: leg(), state: any(['accepted', 'failed', 'done']) }),
      () => frame({ type: 'error', code: 'x', message: 'y', leg: leg() }),
      () => frame({ type: any(['elsewhere', 'signed_out'] as const) }),
      () => ({ type: any(['take_over', 'retry', 'signed_in', 'network', 'start'] as const) }),
      () => ({ type: any(['accept', 'decline', 'hang_up', 'complete'] as const), leg: leg() }),
      () => ({ type: 'dial', leg: leg(), to: '1002', consults: leg() }),
      () => ({ type: any(['hold', 'mute'] as const), leg: leg(), on: roll(2) === 0 }),
      () => ({ type: 'offered', leg: leg(), for: any(purposes), sdp: 's' }),
      () => ({ type: 'unavailable', leg: leg(), for: any(purposes), reason: 'missing' }),
      () => ({ type: 'media', leg: leg(), state: any(media) }),
    ]
    let state: State = initial('tab')
    const seen: Input[] = []
    for (let step = 0; step < 120; step += 1) {
      const input = step === 0 ? ({ type: 'start' } as const) : any(inputs)()
      seen.push(input)
      const before = state
      const [next, actions] = after(state, input, step)
      state = next
      const story = () => `seed ${seed}: ${JSON.stringify(seen.slice(-6))}`
      expect(state.legs.filter((each) => sounding(each).speak || sounding(each).hear).length, story()).toBeLessThanOrEqual(1)
      expect(new Set(state.legs.map(({ id }) => id)).size, story()).toBe(state.legs.length)
      for (const action of actions) {
        if (action.do === 'send' && action.frame.type !== 'hello') expect([before.line, state.line], story()).toContain('ready')
        if (action.do === 'ended') expect(state.legs.some(({ id }) => id === action.leg.id), story()).toBe(false)
      }
      // Whoever hung up is not spoken to again.
      for (const each of state.legs) if (each.ending) expect(sounding(each), story()).toEqual({ speak: false, hear: false })
      const shown = current(state)
      if (shown) expect(isOwn(shown)).toBe(true)
    }
  }
})
