import { describe, expect, test } from 'vitest'
import type { Heard } from '../api'
import { LONGEST_MS, microphone, type MicrophoneState } from './microphone'
import { reasonOf } from '../../../rtc/microphone'
import { NoMicrophone } from './recorder'
import { BLOCK_MS } from './silence'

const WORDS: Heard = { text: 'where is my order', confidence: 0.8, alternatives: ['wear is my order'] }
const LOUD = new Float32Array(640).fill(0.1)
const SOFT = new Float32Array(640).fill(0.001)
const NONE = new Float32Array(640)

/** A promise and what settles it. */
function settled<T>() {
  let done: (value: T) => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  const promise = new Promise<T>((yes, no) => {
    done = yes
    fail = no
  })
  return { promise, done, fail }
}

/** Lets everything happen that waits for nothing. */
const settle = () => new Promise<void>((done) => setTimeout(done))

function desk(recording = () => Promise.resolve(new Blob())) {
  let time = 0
  let listener: Parameters<NonNullable<NonNullable<Parameters<typeof microphone>[0]>['open']>>[0] | undefined
  const asked = settled<void>()
  const answer = settled<Heard>()
  const heard: Heard[] = []
  const sent: { language: string; signal: AbortSignal }[] = []
  /** Whether the microphone is open. */
  let isOpen = false
  const mic = microphone({
    open: async (by) => {
      await asked.promise
      listener = by
      isOpen = true
      const close = () => void (isOpen = false)
      const finish = () => {
        close()
        return recording()
      }
      return { finish, close }
    },
    hear: (_sound, language, signal) => {
      sent.push({ language, signal })
      return answer.promise
    },
    now: () => time,
  })
  const press = () => mic.press({ language: 'en', heard: (words) => void heard.push(words) })
  return {
    mic,
    asked,
    answer,
    heard,
    sent,
    press,
    isOpen: () => isOpen,
    at: () => mic.state().at,
    wait: (ms: number) => (time += ms),
    unplug: () => listener?.ended(),
    /** So much sound comes in. */
    sound: (block: Float32Array, ms: number) => {
      for (let passed = 0; passed < ms; passed += BLOCK_MS) listener?.took(block)
    },
    /** Clicked, allowed and open. */
    clicked: async () => {
      press()
      mic.release()
      asked.done()
      await settle()
    },
  }
}

describe('what is said becomes words', () => {
  test('between two clicks', async () => {
    const { mic, at, clicked, sound, press, answer, heard, sent, isOpen } = desk()
    const seen: MicrophoneState['at'][] = []
    mic.subscribe(() => seen.at(-1) === mic.state().at || seen.push(mic.state().at))
    await clicked()
    sound(LOUD, 400)
    expect(isOpen()).toBe(true)
    expect(mic.state()).toMatchObject({ at: 'recording', level: expect.closeTo(0.8) as number })
    press()
    mic.release()
    await settle()
    expect(isOpen()).toBe(false)
    expect(sent).toMatchObject([{ language: 'en' }])
    answer.done(WORDS)
    await settle()
    expect(heard).toEqual([WORDS])
    expect(at()).toBe('rest')
    expect(seen).toEqual(['asking', 'recording', 'hearing', 'rest'])
  })

  test('while the button is held, with all pauses', async () => {
    const { mic, at, asked, press, wait, sound } = desk()
    press()
    asked.done()
    await settle()
    sound(LOUD, 800)
    sound(SOFT, 4_000)
    expect(at()).toBe('recording')
    wait(4_800)
    mic.release()
    expect(at()).toBe('hearing')
  })

  test('after a click, until one is silent', async () => {
    const { at, clicked, sound } = desk()
    await clicked()
    sound(SOFT, 4_000)
    sound(LOUD, 800)
    sound(SOFT, 1_200)
    expect(at()).toBe('recording')
    sound(SOFT, 400)
    expect(at()).toBe('hearing')
  })

  test('at most for half a minute, held or not', async () => {
    const { at, asked, press, sound } = desk()
    press()
    asked.done()
    await settle()
    sound(LOUD, LONGEST_MS - BLOCK_MS)
    expect(at()).toBe('recording')
    sound(LOUD, BLOCK_MS)
    expect(at()).toBe('hearing')
  })

  test('until the microphone is taken away', async () => {
    const { at, clicked, sound, unplug } = desk()
    await clicked()
    sound(LOUD, 400)
    unplug()
    expect(at()).toBe('hearing')
  })
})

test('a button that is let go before the browser has allowed it was clicked', async () => {
  const { mic, at, asked, press, wait } = desk()
  press()
  wait(5_000)
  mic.release()
  asked.done()
  await settle()
  expect(at()).toBe('recording')
})

describe('nothing comes of it, and why is said', () => {
  test('when there were no words', async () => {
    const { mic, clicked, sound, press, answer, heard } = desk()
    await clicked()
    sound(SOFT, 800)
    press()
    answer.done({ text: ' ', confidence: 0, alternatives: [] })
    await settle()
    expect(mic.state()).toEqual({ at: 'rest', nothing: { kind: 'silence' } })
    expect(heard).toEqual([])
  })

  test('when the microphone is muted, which nobody needs to hear', async () => {
    const { mic, clicked, sound, press, sent, isOpen } = desk()
    await clicked()
    sound(NONE, 800)
    press()
    await settle()
    expect(mic.state()).toEqual({ at: 'rest', nothing: { kind: 'muted' } })
    expect([sent.length, isOpen()]).toEqual([0, false])
  })

  test('when it was too short for a word', async () => {
    const { mic, clicked, sound, press, sent, isOpen } = desk()
    await clicked()
    sound(LOUD, 3 * BLOCK_MS)
    press()
    await settle()
    expect(mic.state()).toEqual({ at: 'rest', nothing: { kind: 'silence' } })
    expect([sent.length, isOpen()]).toEqual([0, false])
  })

  test('when the recording cannot be read', async () => {
    const { mic, clicked, sound, press, sent } = desk(() => Promise.reject(new NoMicrophone('broken')))
    await clicked()
    sound(LOUD, 800)
    press()
    await settle()
    expect(mic.state()).toEqual({ at: 'rest', nothing: { kind: 'broken' } })
    expect(sent).toEqual([])
  })

  test('when the service did not hear it', async () => {
    const { mic, clicked, sound, press, answer } = desk()
    const error = new Error('busy')
    await clicked()
    sound(LOUD, 800)
    press()
    answer.fail(error)
    await settle()
    expect(mic.state()).toEqual({ at: 'rest', nothing: { kind: 'unheard', error } })
  })

  test.each([
    [new NoMicrophone('refused'), 'refused'],
    [new NoMicrophone('insecure'), 'insecure'],
    [new TypeError('no such thing'), 'broken'],
  ])('when there is no microphone: %s', async (error, kind) => {
    const { mic, asked, press } = desk()
    press()
    asked.fail(error)
    await settle()
    expect(mic.state()).toEqual({ at: 'rest', nothing: { kind } })
  })
})

describe('whoever leaves', () => {
  test('while the browser asks gets no open microphone', async () => {
    const { mic, at, asked, press, isOpen } = desk()
    press()
    mic.leave()
    asked.done()
    await settle()
    expect([at(), isOpen()]).toEqual(['rest', false])
  })

  test('while it records has said nothing', async () => {
    const { mic, at, clicked, sound, isOpen, sent } = desk()
    await clicked()
    sound(LOUD, 400)
    mic.leave()
    sound(LOUD, 400)
    await settle()
    expect([at(), isOpen(), sent.length]).toEqual(['rest', false, 0])
  })

  test('while it is heard gets no words any more', async () => {
    const { mic, at, clicked, sound, press, answer, heard, sent } = desk()
    await clicked()
    sound(LOUD, 400)
    press()
    await settle()
    mic.leave()
    expect(sent[0]?.signal.aborted).toBe(true)
    answer.done(WORDS)
    await settle()
    expect([at(), heard.length]).toEqual(['rest', 0])
  })
})

test('why there is no microphone is told from what the browser throws', () => {
  const names = ['NotAllowedError', 'SecurityError', 'NotFoundError', 'OverconstrainedError', 'NotReadableError', 'AbortError', 'InvalidStateError', '']
  expect(names.map(reasonOf)).toEqual(['refused', 'refused', 'missing', 'missing', 'taken', 'taken', 'broken', 'broken'])
})
