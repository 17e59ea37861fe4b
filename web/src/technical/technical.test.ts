import { describe, expect, test } from 'vitest'
import type { CallSignalling, Entry, Heard, LegPoint, LegSound, LegView, MessageView, Trunk } from '../api/types'
import { ladder } from './ladder'
import { problems } from './problems'
import { mean, scale, series, times, verdict } from './sound'
import { help, inOrder, isOver } from './trunk'

const message = (after_ms: number, sent: boolean, line: string, more: Partial<MessageView> = {}): MessageView => {
  const response = line.startsWith('SIP/2.0 ')
  return {
    after_us: after_ms * 1_000,
    sent,
    protocol: 'UDP',
    local: '192.0.2.1:5060',
    peer: '198.51.100.7:5062',
    start_line: line,
    method: response ? 'INVITE' : (line.split(' ')[0] ?? ''),
    status: response ? Number(line.slice(8, 11)) : null,
    sdp: false,
    repeated: false,
    text: line,
    ...more,
  }
}

const leg = (number: number, role: LegView['role'], messages: MessageView[], sound: LegSound | null = null): LegView => ({
  number,
  role,
  name: role === 'caller' ? '4711' : '101',
  messages,
  sound,
})

const unknown: Heard = { loss_percent: null, jitter_ms: null, mos: null, level_dbov: null }
const clean: Heard = { loss_percent: 0, jitter_ms: 1, mos: 4.4, level_dbov: -20 }

const point = (index: number, incoming: Heard, outgoing: Heard = unknown): LegPoint => ({
  at_ms: index * 5_000,
  length_ms: 5_000,
  incoming,
  outgoing,
  round_trip_ms: null,
  buffer_ms: 40,
})

const sound = (points: LegPoint[], totals: Partial<LegSound['totals']> = {}): LegSound => ({
  since: 0,
  codec: 'PCMU',
  points,
  totals: {
    packets_in: 500,
    packets_out: 500,
    lost: 0,
    late: 0,
    duplicated: 0,
    concealed: 0,
    jitter_ms: 1,
    invalid: 0,
    strangers: 0,
    unauthentic: 0,
    send_errors: 0,
    rtcp_in: 0,
    rtcp_out: 0,
    remote_lost: null,
    round_trip_ms: null,
    ...totals,
  },
})

const seen = (legs: LegView[], complete = true): CallSignalling => ({ call: 'c', complete, began_us: 0, legs })

describe('a ladder', () => {
  const call = seen([
    leg(1, 'caller', [message(0, false, 'INVITE sip:100@x SIP/2.0'), message(12, true, 'SIP/2.0 200 OK'), message(9_000, false, 'BYE sip:x SIP/2.0')]),
    leg(2, 'agent', [message(3_000, true, 'INVITE sip:101@y SIP/2.0', { peer: '203.0.113.9:5060' })]),
  ])

  test('has the caller on the left of Hotline and the agent on its right, and arrows by time', () => {
    const { columns, rows, hotline } = ladder(call)
    expect(columns.map((column) => column.address)).toEqual(['198.51.100.7:5062', '192.0.2.1:5060', '203.0.113.9:5060'])
    expect(hotline).toBe(1)
    expect(rows.map(({ from, to, label }) => [from, to, label])).toEqual([
      [0, 1, 'INVITE'],
      [1, 0, '200 OK'],
      [1, 2, 'INVITE'],
      [0, 1, 'BYE'],
    ])
    expect(rows.map(({ gap }) => gap)).toEqual([undefined, undefined, 2_988_000, 6_000_000])
  })

  test('gives a leg that moved to another address a column for each', () => {
    const moved = leg(1, 'caller', [message(0, false, 'INVITE sip:a SIP/2.0'), message(9, false, 'ACK sip:a SIP/2.0', { peer: '198.51.100.8:5062' })])
    expect(ladder(seen([moved])).columns).toHaveLength(3)
  })

  test('does not paint a challenge as a failure', () => {
    const lines = ['SIP/2.0 401 Unauthorized', 'SIP/2.0 486 Busy Here', 'SIP/2.0 180 Ringing', 'SIP/2.0 200 OK']
    const { rows } = ladder(seen([leg(1, 'caller', lines.map((line, index) => message(index, false, line)))]))
    expect(rows.map(({ tone }) => tone)).toEqual(['other', 'bad', 'progress', 'good'])
  })

  test('says of a leg of 64 messages that more may have been left out', () => {
    const many = Array.from({ length: 64 }, (_, index) => message(index, true, 'OPTIONS sip:a SIP/2.0'))
    expect(ladder(seen([leg(1, 'caller', many)])).cut).toHaveLength(1)
    expect(ladder(call).cut).toEqual([])
  })
})

describe('the sound of a leg', () => {
  test('is good when nothing is wrong', () => {
    expect(verdict(sound([point(0, clean), point(1, clean)]), 'incoming')).toMatchObject({ grade: 'good', findings: [], loss: 0 })
  })

  test('names the stretch in which packets were lost', () => {
    const lossy = { ...clean, loss_percent: 8, mos: 3.2 }
    const judged = verdict(sound([point(0, clean), point(1, lossy), point(2, lossy), point(3, clean)]), 'incoming')
    expect(judged).toMatchObject({ grade: 'bad', findings: [{ kind: 'lost', percent: 8, from: 5_000, to: 15_000 }], loss: 4 })
  })

  test('tells one-way audio by its direction', () => {
    const nothing = sound([point(0, unknown, clean)], { packets_in: 0 })
    expect(verdict(nothing, 'incoming')).toMatchObject({ grade: 'bad', findings: [{ kind: 'silent' }] })
    expect(verdict(nothing, 'outgoing')).toMatchObject({ grade: 'good' })
    const deaf = sound([point(0, clean, { ...unknown, loss_percent: 100 })])
    expect(verdict(deaf, 'outgoing')).toMatchObject({ grade: 'bad', findings: [{ kind: 'unheard' }] })
  })

  test('does not judge what the other side did not report', () => {
    expect(verdict(sound([point(0, clean)]), 'outgoing')).toMatchObject({ grade: 'unknown', findings: [{ kind: 'unreported' }] })
  })

  test('is a mean over time of what is known', () => {
    const samples = series([point(0, clean), { ...point(1, { ...clean, loss_percent: 6 }), length_ms: 2_500 }, point(2, unknown)], 'incoming', 'loss')
    expect(mean(samples)).toBe(2)
    expect(mean([])).toBeUndefined()
  })
})

describe('an axis', () => {
  test('ends at a round number above all values', () => {
    expect(scale('loss', [0.4])).toEqual({ min: 0, max: 2, ticks: [0, 1, 2] })
    expect(scale('loss', [37])).toMatchObject({ max: 50 })
    expect(scale('jitter', [100])).toMatchObject({ max: 100 })
    expect(scale('jitter', [101])).toMatchObject({ max: 200 })
  })

  test('has few and round times', () => {
    expect(times(4_000)).toEqual([0, 1_000, 2_000, 3_000, 4_000])
    expect(times(47_000)).toEqual([0, 10_000, 20_000, 30_000, 40_000])
    expect(times(7_200_000).length).toBeLessThanOrEqual(6)
  })
})

describe('the problems of a call', () => {
  const at = { seq: 1, at: 0, audio_ms: null }
  const up = [message(0, false, 'INVITE sip:a SIP/2.0'), message(1, true, 'SIP/2.0 200 OK'), message(2, false, 'ACK sip:a SIP/2.0')]

  test('are none when all went well', () => {
    const fine = sound([point(0, clean, clean)])
    expect(problems(seen([leg(1, 'caller', up, fine)]), [{ ...at, kind: 'hung_up', by: 'caller', cause: 'normal' }])).toEqual([])
  })

  test('are a missing ACK, once, however it is known', () => {
    const without = [leg(1, 'caller', up.slice(0, 2))]
    expect(problems(seen(without), []).map(({ kind }) => kind)).toEqual(['no_ack'])
    expect(problems(seen(without, false), [])).toEqual([])
    const ended = { ...at, kind: 'hung_up', by: 'hotline', cause: 'no_ack' } as Entry
    expect(problems(seen(without), [ended]).map(({ kind }) => kind)).toEqual(['cause'])
  })

  test('are a refusal, repetitions and a direction without sound, but not what the flow ran into', () => {
    const refused = leg(2, 'agent', [message(0, true, 'INVITE sip:b SIP/2.0'), message(1, false, 'SIP/2.0 486 Busy Here')])
    const shaky = leg(1, 'caller', [...up, message(500, true, 'SIP/2.0 200 OK', { repeated: true })], sound([], { packets_in: 0 }))
    const flow = { ...at, kind: 'problem', what: 'flow', message: 'x' } as Entry
    const media = { ...at, kind: 'problem', what: 'media', message: 'no audio has come' } as Entry
    const found = problems(seen([shaky, refused]), [flow, media])
    expect(found.map(({ kind }) => kind)).toEqual(['told', 'repeated', 'sound', 'refused'])
  })

  test('are not a call that rang in vain', () => {
    const rang = [message(0, true, 'INVITE sip:b SIP/2.0'), message(1, false, 'SIP/2.0 487 Request Terminated')]
    expect(problems(seen([leg(2, 'agent', rang)]), [])).toEqual([])
  })
})

describe('a trunk', () => {
  const trunk = (name: string, state: Trunk['state']): Trunk => ({
    name,
    state,
    since: 10,
    registered: null,
    last_error: { status: 408, reason: 'Request Timeout', at: 5 },
    calls_now: 0,
    calls_today: 0,
  })

  test('that is down stands first', () => {
    const names = inOrder([trunk('b', 'up'), trunk('a', 'up'), trunk('d', 'down'), trunk('c', 'unknown')]).map(({ name }) => name)
    expect(names).toEqual(['d', 'c', 'a', 'b'])
  })

  test('has advice for every status', () => {
    expect([0, 401, 407, 408, 486, 500, 503].map(help)).toEqual(
      ['0', '401', '401', '408', '4xx', '5xx', '503'].map((name) => `trunk.help_${name}`),
    )
  })

  test('that is up again has its error behind it', () => {
    expect([isOver(trunk('a', 'up')), isOver(trunk('a', 'down'))]).toEqual([true, false])
  })
})
