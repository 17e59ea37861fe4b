/** Telephones in browsers, with real ones at both ends: a caller's page, and an agent's whose caller comes by SIP. */
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { story } from './story'
import { ask, flags, hears, installed } from './telephone'
import { voice } from './voice'

const CROWD = 50
const folder = mkdtempSync(join(tmpdir(), 'hotline-e2e-phone-'))
const flow = join(folder, 'flow.json')
const recording = join(folder, 'caller.wav')
const spoken = voice('I would like to know when you are open please')
afterAll(() => {
  spoken?.remove()
  rmSync(folder, { recursive: true, force: true })
})

/** The example, which asks for nothing that callers of the other story say. */
const example = join(import.meta.dirname, '../../src/demo/bicycle-shop.json')

const { part, complaints } = story(
  () => {
    writeFileSync(flow, readFileSync(example))
    return Promise.resolve({
      HOTLINE_FLOW_FILE: flow,
      HOTLINE_WEBRTC_WIDGET: 'true',
      HOTLINE_WEBRTC_CALLS: '100',
      HOTLINE_WEBRTC_STARTS: '1000',
      HOTLINE_WEBRTC_KEEP_SECONDS: '20',
      HOTLINE_SPEECH_ZH: '',
      HOTLINE_UNDERSTAND_ENCODER: 'false',
    })
  },
  [...flags, ...(spoken?.flags ?? [])],
)

/** Samples of one side of a recording: 0 what the telephone heard, 1 what it said. */
function samples(file: string, side: number): Int16Array {
  const bytes = readFileSync(file)
  const data = bytes.subarray(bytes.indexOf('data') + 8)
  const all = new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + (data.length & ~3)))
  return all.filter((_, n) => n % 2 === side)
}

part('a caller on a web page hears the bot and is understood', async ({ page, service: { console: here, signInLink }, skip }) => {
  if (!spoken) return skip('no program that speaks')
  await installed(page)
  await page.goto(signInLink)
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
  const { token } = await ask(page, 'POST', 'widget/calls', { language: 'en', page: `${here}/` })
  await page.evaluate(async (path) => {
    await window.phone.connect(path)
    await window.phone.offer('web', { type: 'dial' })
    const { sdp } = await window.phone.message({ type: 'connected' })
    await window.phone.answer('web', sdp ?? '')
  }, `/api/v1/widget/call?token=${String(token)}`)
  await hears(page, 'web')
  const bot = await page.evaluate(() => window.phone.message({ type: 'caption', who: 'bot', final: true }))
  expect(bot.text).toMatch(/Wobbly Wheel/)
  const caller = await page.evaluate(() => window.phone.message({ type: 'caption', who: 'caller', final: true }))
  expect(String(caller.text)).toMatch(/open/i)
})

part('a token opens one call, once', async ({ page }) => {
  const refused = await page.evaluate(async () => {
    const used = new WebSocket(`${location.origin.replace('http', 'ws')}/api/v1/widget/call?token=${'0'.repeat(64)}`)
    return new Promise<string>((told) => (used.onmessage = ({ data }) => told(String(data))))
  })
  expect(refused).toContain('token_refused')
})

part('a caller whose socket breaks comes back to the same call', async ({ page }) => {
  await page.evaluate(async () => {
    const { resume } = await window.phone.message({ type: 'connected' })
    window.phone.hangUpSocket()
    await window.phone.connect(`/api/v1/widget/call?resume=${String(resume)}`)
    await window.phone.offer('web', { type: 'restart' })
    const { sdp } = await window.phone.message({ type: 'restarted' })
    await window.phone.answer('web', sdp ?? '')
  })
  await hears(page, 'web')
  await page.evaluate(() => window.phone.send({ type: 'hang_up' }))
  await page.evaluate(() => window.phone.message({ type: 'ended', reason: 'hung_up' }))
})

part('an agent takes a caller in the browser, and both hear each other', async ({ page, service }) => {
  const [name, leg] = ['101', 'rang']
  await ask(page, 'POST', 'extensions', { name })
  await page.reload()
  await page.evaluate(async () => {
    await window.phone.connect('/api/v1/phone')
    window.phone.send({ type: 'hello', tab: 'tab-of-the-test' })
    await window.phone.message({ type: 'ready', extension: '101' })
  })
  // The key that asks for a person; then the caller's words, over and over.
  service.call('--keys', '0', '--seconds', '60', '--record', recording)
  const ringing = await page.evaluate(() => window.phone.message({ type: 'ringing' }))
  expect(ringing.from).toBe('phone')
  await page.evaluate(
    async ([key, leg]) => {
      await window.phone.offer(key, { type: 'accept', leg })
      const { sdp } = await window.phone.message({ type: 'connected', leg })
      await window.phone.answer(key, sdp ?? '')
    },
    [leg, String(ringing.leg)] as const,
  )
  await page.waitForFunction((key) => window.phone.state(key) === 'connected', leg)
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
  await page.waitForFunction(() => window.phone.state('again') === 'connected')
  // The voice in the microphone is heard through the call; both sides of it are in the caller's recording.
  await page.waitForTimeout(8_000)
  await page.evaluate(async () => {
    const { legs } = await window.phone.message({ type: 'ready' })
    const [leg] = legs as { leg: string }[]
    window.phone.send({ type: 'hang_up', leg: leg?.leg ?? '' })
    await window.phone.message({ type: 'ended', leg: leg?.leg })
  })
})

part('what the caller heard has the words of the agent in it', async () => {
  await expect.poll(() => samples(recording, 0).length, { timeout: 30_000 }).toBeGreaterThan(8_000)
  const heard = samples(recording, 0)
  const last = heard.subarray(Math.max(0, heard.length - 8 * 8_000))
  expect(last.some((sample) => Math.abs(sample) > 1_000)).toBe(true)
})

part(`${CROWD} callers of one page all hear the bot`, async ({ page }) => {
  await page.reload()
  const tokens: string[] = []
  for (let n = 0; n < CROWD; n += 1) tokens.push(String((await ask(page, 'POST', 'widget/calls')).token))
  const { heard, connected_ms } = await page.evaluate((tokens) => window.phone.crowd(tokens), tokens)
  console.log(`connected within ms: ${connected_ms.sort((a, b) => a - b).join(' ')}`)
  expect(heard).toBe(CROWD)
})

part('nothing was amiss on the way', () => {
  expect(complaints()).toEqual([])
  return Promise.resolve()
})
