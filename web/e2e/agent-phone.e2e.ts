/** An agent's telephone in a real browser: a caller comes by SIP, both hear each other, and a page that is loaded anew goes on. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { story } from './story'
import { ask, flags, hears, installed } from './telephone'

const RATE = 8_000
/** What the caller says all the time: a tone that comes and goes. */
const TALK_S = 90
const folder = mkdtempSync(join(tmpdir(), 'hotline-e2e-phone-'))
const [flow, words, recording] = ['flow.json', 'words.wav', 'caller.wav'].map((name) => join(folder, name)) as [string, string, string]
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A file of sound at 8 kHz. */
function wav(samples: Int16Array): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.byteLength, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  for (const [at, value] of [[20, 1], [22, 1], [32, 2], [34, 16]] as const) head.writeUInt16LE(value, at)
  head.writeUInt32LE(RATE, 24)
  head.writeUInt32LE(RATE * 2, 28)
  head.write('data', 36)
  head.writeUInt32LE(samples.byteLength, 40)
  return Buffer.concat([head, Buffer.from(samples.buffer)])
}

/** What the caller's telephone heard, without what it said. */
function heard(): Int16Array {
  const bytes = readFileSync(recording)
  const data = bytes.subarray(bytes.indexOf('data') + 8)
  const all = new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + (data.length & ~3)))
  return all.filter((_, n) => n % 2 === 0)
}

interface Flow {
  start: string
  person: string
  hangup: string
  metadata?: unknown
  blocks: { id: string; edges?: Record<string, string> }[]
}

/** The example, which begins with the queue, and what is left of it then. */
function toQueue(): string {
  const example = JSON.parse(readFileSync(join(import.meta.dirname, '../../src/demo/bicycle-shop.json'), 'utf8')) as Flow
  const reached = new Set<string>()
  const reach = (id: string): void => {
    if (reached.has(id)) return
    reached.add(id)
    Object.values(example.blocks.find((block) => block.id === id)?.edges ?? {}).forEach(reach)
  }
  ;[example.person, example.hangup].forEach(reach)
  const blocks = example.blocks.filter(({ id }) => reached.has(id))
  return JSON.stringify({ ...example, start: example.person, blocks, metadata: undefined })
}

const { part, complaints } = story(
  () => {
    writeFileSync(flow, toQueue())
    const tone = Int16Array.from({ length: RATE * TALK_S }, (_, n) => (n % RATE < RATE / 2 ? 8_000 * Math.sin((n * 2 * Math.PI * 620) / RATE) : 0))
    writeFileSync(words, wav(tone))
    return Promise.resolve({
      HOTLINE_FLOW_FILE: flow,
      HOTLINE_SPEECH_EN: '',
      HOTLINE_SPEECH_ZH: '',
      HOTLINE_UNDERSTAND_ENCODER: 'false',
    })
  },
  [...flags, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
)

part('an agent gets a telephone in the browser', async ({ page, service: { signInLink } }) => {
  await installed(page)
  await page.goto(signInLink)
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
  await ask(page, 'POST', 'extensions', { name: '101' })
  expect((await ask(page, 'GET', 'me')).extension).toBe('101')
  await page.evaluate(async () => {
    await window.phone.connect('/api/v1/phone')
    window.phone.send({ type: 'hello', tab: 'tab-of-the-test' })
    await window.phone.message({ type: 'ready', extension: '101' })
  })
})

part('a caller from the queue rings there, and the agent hears them', async ({ page, service }) => {
  service.call('--at-once', '--play', words, '--seconds', String(TALK_S), '--record', recording)
  const ringing = await page.evaluate(() => window.phone.message({ type: 'ringing' }))
  expect(ringing.from).toBe('phone')
  await page.evaluate(async (leg) => {
    await window.phone.offer('first', { type: 'accept', leg })
    const { sdp } = await window.phone.message({ type: 'connected', leg })
    await window.phone.answer('first', sdp ?? '')
  }, String(ringing.leg))
  await hears(page, 'first')
})

part('on hold the agent hears nothing, and the caller again afterwards', async ({ page }) => {
  const hold = (on: boolean) =>
    page.evaluate(async (on) => {
      const { leg } = await window.phone.message({ type: 'connected' })
      window.phone.send({ type: 'hold', leg: leg ?? '', on })
    }, on)
  await hold(true)
  await page.waitForTimeout(1_000)
  const before = await page.evaluate(() => window.phone.heard('first'))
  await page.waitForTimeout(3_000)
  const after = await page.evaluate(() => window.phone.heard('first'))
  expect(after - before).toBeLessThan(0.001)
  await hold(false)
  await hears(page, 'first')
})

part('a page that is loaded anew goes on with its call', async ({ page }) => {
  await page.reload()
  const state = await page.evaluate(async () => {
    await window.phone.connect('/api/v1/phone')
    window.phone.send({ type: 'hello', tab: 'tab-of-the-test' })
    const { legs } = await window.phone.message({ type: 'ready' })
    const [leg] = legs as { leg: string; state: string }[]
    if (!leg) return 'no leg'
    await window.phone.offer('again', { type: 'restart', leg: leg.leg })
    const { sdp } = await window.phone.message({ type: 'restarted', leg: leg.leg })
    await window.phone.answer('again', sdp ?? '')
    return leg.state
  })
  expect(state).toBe('connected')
  await hears(page, 'again')
  // The microphone beeps once a second; the caller is to hear it.
  await page.waitForTimeout(6_000)
  await page.evaluate(async () => {
    const { legs } = await window.phone.message({ type: 'ready' })
    const [leg] = legs as { leg: string }[]
    window.phone.send({ type: 'hang_up', leg: leg?.leg ?? '' })
    await window.phone.message({ type: 'ended', leg: leg?.leg })
  })
})

part('the caller has heard the agent, before and after', async () => {
  const size = () => {
    try {
      return heard().length
    } catch {
      return 0
    }
  }
  await expect.poll(size, { timeout: 30_000, interval: 500 }).toBeGreaterThan(RATE)
  const all = heard()
  const loud = (from: number, to: number) => all.subarray(Math.max(0, all.length - from * RATE), all.length - to * RATE).some((sample) => Math.abs(sample) > 1_000)
  expect(loud(5, 1)).toBe(true)
})

part('nothing was amiss on the way', () => {
  expect(complaints()).toEqual([])
  return Promise.resolve()
})
