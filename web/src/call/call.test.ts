import { describe, expect, test } from 'vitest'
import type { Entry } from '../api/types'
import { parts, percentile, turns } from './latency'
import { edgesTaken, path } from './path'
import { merge, summarise } from './project'
import { lineAt, neighbour, transcript } from './transcript'

let seq = 0
type Fields = Entry extends infer E ? (E extends Entry ? Omit<E, 'seq' | 'at' | 'audio_ms'> : never) : never
const at = (audio_ms: number | null, event: Fields): Entry => ({ seq: ++seq, at: 1_000_000 + (audio_ms ?? 0), audio_ms, ...event })

function call(): Entry[] {
  seq = 0
  return [
    at(null, { kind: 'offered', channel: 'sip', from: '0123', to: '100', flow: 'shop@1' }),
    at(0, { kind: 'answered', codec: 'PCMU' }),
    at(0, { kind: 'entered', block: 'ask', block_kind: 'ask_intent' }),
    at(100, { kind: 'said', turn: 0, text: 'Hello', played_ms: 1_900, of_ms: 4_000, completed: false }),
    at(3_000, { kind: 'heard', turn: 1, speaker: 'caller', text: 'my order', confidence: 0.9, from_ms: 1_800, to_ms: 2_900, engine: 'e', alternatives: [] }),
    at(3_010, { kind: 'understood', block: 'ask', decision: 'accepted', ranking: [{ intent: 'order', confidence: 0.8 }], model: 'm' }),
    at(3_020, { kind: 'left', block: 'ask', edge: 'order', to: 'number' }),
    at(3_020, { kind: 'entered', block: 'number', block_kind: 'collect' }),
    at(3_400, { kind: 'replied', turn: 1, latency: { wire_ms: 600, endpoint_ms: 300, recognise_ms: 100, decide_ms: 5, speak_ms: 45 } }),
    at(5_000, { kind: 'key', digit: '4' }),
    at(5_200, { kind: 'key', digit: '5' }),
    at(5_300, { kind: 'slot', block: 'number', name: 'order_number', value: '45' }),
  ]
}

describe('a transcript', () => {
  test('puts an interruption after the prompt that it interrupts', () => {
    const [bot, caller, keys] = transcript(call())
    expect(bot).toMatchObject({ voice: 'bot', from: 100, to: 2_000, cut: true })
    expect(caller).toMatchObject({ voice: 'caller', from: 1_800, understood: { decision: 'accepted' } })
    expect(keys).toMatchObject({ type: 'keys', digits: '45', slots: [{ value: '45' }] })
  })

  test('has words where their places are known, and whole lines where they are not', () => {
    const entries = call().map((entry): Entry =>
      entry.kind === 'heard' ? { ...entry, words: [{ text: 'my', from_ms: 1_800, to_ms: 2_000 }, { text: 'order', from_ms: 2_100, to_ms: 2_900 }] } : entry,
    )
    const pieces = (of: readonly Entry[]) => transcript(of).map((line) => (line.type === 'spoken' ? line.pieces : []))
    expect(pieces(entries)[0]).toEqual([{ text: 'Hello', from: 100, to: 2_000 }])
    expect(pieces(entries)[1]?.map(({ from }) => from)).toEqual([1_800, undefined, 2_100])
    expect(pieces(call())[1]).toEqual([{ text: 'my order' }])
  })

  test('knows the line that sounds and the next one', () => {
    const lines = transcript(call())
    expect(lineAt(lines, 2_500)).toBe(lines[1]?.key)
    expect(lineAt(lines, 4_000)).toBeUndefined()
    expect(neighbour(lines, 1_800, 1)).toBe(lines[2])
    expect(neighbour(lines, 5_100, -1)).toBe(lines[1])
  })
})

describe('a summary', () => {
  test('follows the journal', () => {
    const entries = call()
    expect(summarise('c', entries)).toMatchObject({ from: '0123', state: 'bot', intent: 'order', turns: 1 })
    entries.push(at(6_000, { kind: 'queued', queue: 'q', brief: '' }), at(7_000, { kind: 'bridged', agent: '201', waited_ms: 1 }))
    expect(summarise('c', entries)).toMatchObject({ state: 'agent', agent: '201' })
    entries.push(at(8_000, { kind: 'ended', outcome: 'agent', duration_ms: 8_000 }))
    expect(summarise('c', entries)).toMatchObject({ state: 'ended', outcome: 'agent', duration_ms: 8_000 })
  })

  test('does not change when an entry comes twice', () => {
    const entries = call()
    expect(summarise('c', [...entries, ...entries])).toEqual(summarise('c', entries))
    expect(merge(entries, entries.slice(3))).toHaveLength(entries.length)
  })
})

test('a path names the edge by which each block was left', () => {
  const steps = path(call())
  expect(steps).toMatchObject([{ block: 'ask', edge: 'order', took: 3_020 }, { block: 'number' }])
  expect(edgesTaken(steps)).toEqual(new Map([['ask order', 1]]))
})

describe('latency', () => {
  test('leaves to the way out what the stages do not explain', () => {
    expect(turns(call())[0]).toMatchObject({ turn: 1, wire: 600, parts: { rest: 150 } })
    expect(parts({ wire_ms: 10, endpoint_ms: 20, recognise_ms: 0, decide_ms: 0, speak_ms: 0 }).rest).toBe(0)
  })

  test('percentiles are values that occurred', () => {
    expect(percentile([30, 10, 20], 0.5)).toBe(20)
    expect(percentile([10, 20], 0.95)).toBe(20)
    expect(percentile([], 0.5)).toBeUndefined()
  })
})
