/** A caller with a browser reaches an agent with a browser: the page of a visitor, the bot, the queue, the desk. Real service and browser. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect } from 'vitest'
import { barriers } from './axe'
import { nav, story, tooWide } from './story'
import { voice } from './voice'

const NARROW = { width: 360, height: 740 }
const WIDE = { width: 1440, height: 900 }
const GREETING = /Thank you for calling Wobbly Wheel Cycles/
/** With HOTLINE_PICTURES the pages are kept as pictures in that folder, to be looked at. */
const pictures = process.env.HOTLINE_PICTURES

/** Both people speak with the same voice. */
const speaker = voice('good morning, this is a caller who speaks')
afterAll(() => speaker?.remove())

const { part, complaints } = story(
  () =>
    Promise.resolve({
      HOTLINE_WEBRTC_WIDGET: 'true',
      HOTLINE_WEBRTC_STARTS: '1000',
      // Keys lead the way; nobody has to be understood.
      HOTLINE_SPEECH_EN: '',
      HOTLINE_SPEECH_ZH: '',
      HOTLINE_UNDERSTAND_ENCODER: 'false',
    }),
  speaker?.flags,
)

let visitor: Page
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `desk-${name}.png`) })
}

/** Keeps every peer connection of a page, to ask it what was heard. */
const listen = (page: Page) =>
  page.addInitScript(() => {
    const made: RTCPeerConnection[] = []
    const Original = RTCPeerConnection
    window.RTCPeerConnection = class extends Original {
      constructor(...of: ConstructorParameters<typeof Original>) {
        super(...of)
        made.push(this)
      }
    }
    Object.assign(window, { peers: made })
  })

/** The loudness of everything that has come so far: it grows while somebody is heard. */
const energy = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    let heard = 0
    for (const peer of (window as unknown as { peers: RTCPeerConnection[] }).peers) {
      if (peer.connectionState === 'closed') continue
      for (const report of (await peer.getStats()).values() as Iterable<{ type: string; totalAudioEnergy?: number }>) {
        if (report.type === 'inbound-rtp') heard += report.totalAudioEnergy ?? 0
      }
    }
    return heard
  })

/** Waits until more is heard than before. */
async function hears(page: Page): Promise<void> {
  const before = await energy(page)
  await expect.poll(() => energy(page), { timeout: 30_000, interval: 200 }).toBeGreaterThan(before + 0.0005)
}

/** Nothing is heard while this is awaited, but for what was on its way. */
async function hearsNothing(page: Page): Promise<void> {
  await page.waitForTimeout(800)
  const before = await energy(page)
  await page.waitForTimeout(6_000)
  expect((await energy(page)) - before).toBeLessThan(0.0002)
}

/** As the page asks, signed in. */
const ask = <T>(page: Page, method: string, path: string, body?: unknown): Promise<T> =>
  page.evaluate(
    async ([verb, address, sent]) => {
      const headers = { 'x-hotline': '1', 'content-type': 'application/json' }
      const answer = await fetch(`/api/v1${address}`, { method: verb, headers, body: sent })
      if (!answer.ok) throw new Error(`${verb} ${address}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as unknown
    },
    [method, path, body === undefined ? undefined : JSON.stringify(body)] as const,
  ) as Promise<T>

async function calls(here: string): Promise<void> {
  await visitor.goto(`${here}/talk`)
  await button(visitor, 'Call us now').click()
  await button(visitor, 'Call now').click()
}

/** Asks the bot for a person, with a key. */
async function wantsPerson(): Promise<void> {
  await visitor.locator('.said.bot', { hasText: GREETING }).waitFor()
  if (!(await visitor.locator('.pad').isVisible())) await button(visitor, 'Keypad').click()
  await button(visitor, 'Key 0').click()
}

part('an agent signs in, tries the headset, and the phone is ready', async ({ page, service: { signInLink }, skip }) => {
  if (!speaker) skip('neither flite nor espeak-ng is there to speak')
  await listen(page)
  await page.setViewportSize(WIDE)
  await page.goto(signInLink)
  await page.locator('.connection-live').waitFor()
  await ask(page, 'POST', '/extensions', { name: '101' })
  await page.reload()
  await nav(page, '/desk')
  await page.locator('.phone-line-ready').waitFor()
  await page.getByText('Waiting for a call').waitFor()
  await button(page, 'Test').click()
  await page.getByText('It hears you.').waitFor()
  await picture(page, 'idle')
  expect(await barriers(page)).toEqual([])
  await button(page, 'Stop').click()
})

part('a visitor tries the microphone, calls, and reads what the bot says', async ({ page, service: { console: here }, skip }) => {
  if (!speaker) skip('nobody speaks')
  visitor = await page.context().newPage()
  visitor.setDefaultTimeout(60_000)
  await listen(visitor)
  await visitor.setViewportSize(NARROW)
  await visitor.goto(`${here}/talk`)
  await button(visitor, 'Call us now').waitFor()
  await picture(visitor, 'widget-start')
  await button(visitor, 'Call us now').click()
  await visitor.getByText('We can hear you.').waitFor()
  await picture(visitor, 'widget-check')
  expect(await barriers(visitor)).toEqual([])
  await button(visitor, 'Call now').click()
  await visitor.getByText('You talk with our assistant').waitFor()
  await visitor.locator('.said.bot', { hasText: GREETING }).waitFor()
  await hears(visitor)
  await picture(visitor, 'widget-bot')
  expect(await barriers(visitor)).toEqual([])
})

part('the call rings at the desk with its story, and is taken with a key', async ({ page }) => {
  await wantsPerson()
  await page.locator('.offer').waitFor()
  await picture(page, 'offer')
  expect(await barriers(page)).toEqual([])
  await page.setViewportSize(NARROW)
  expect(await tooWide(page)).toEqual([0, 0])
  await picture(page, 'offer-narrow')
  await page.setViewportSize(WIDE)
  await page.locator('body').press('a')
  await page.locator('.talk-talking').waitFor()
  await visitor.getByText('You talk with a person').waitFor()
})

part('both hear each other', async ({ page }) => {
  await hears(page)
  await hears(visitor)
  // As much of the greeting as was heard before the key.
  await page.locator('.desk-transcript .line-bot').first().waitFor()
  await picture(page, 'talking')
  await picture(visitor, 'widget-agent')
  expect(await barriers(page)).toEqual([])
})

part('muted, the agent is not heard; held, neither is', async ({ page }) => {
  await page.locator('body').press('m')
  await page.locator('.talk-muted').waitFor()
  await hears(page)
  await hearsNothing(visitor)
  await page.locator('body').press('m')
  await hears(visitor)
  await page.locator('body').press('h')
  await page.locator('.talk-held').waitFor()
  await picture(page, 'held')
  await page.locator('body').press('h')
  await page.locator('.talk-talking').waitFor()
  await hears(page)
})

part('what the agent writes outlives a reload, and so does the call', async ({ page }) => {
  await page.locator('body').press('n')
  await page.keyboard.type('Wants the blue one.')
  await page.reload()
  await page.locator('.talk-talking').waitFor()
  await hears(page)
  await hears(visitor)
  expect(await page.getByRole('textbox', { name: 'Notes' }).inputValue()).toBe('Wants the blue one.')
})

part('a visitor who loads the page anew stays in the call', async ({ page }) => {
  await visitor.reload()
  await visitor.getByText('You talk with a person').waitFor()
  await hears(visitor)
  await hears(page)
})

part('a second tab is told where the phone is, and can have it with the call', async ({ page, service: { console: here } }) => {
  const second = await page.context().newPage()
  second.setDefaultTimeout(60_000)
  await listen(second)
  await second.setViewportSize(WIDE)
  await second.goto(`${here}/desk`)
  await second.locator('.phone-line-elsewhere').waitFor()
  await hears(page)
  await picture(second, 'elsewhere')
  await button(second, 'Use the phone here').click()
  await second.locator('.talk-talking').waitFor()
  await hears(second)
  await page.locator('.phone-line-elsewhere').waitFor()
  await button(page, 'Use the phone here').click()
  await page.locator('.talk-talking').waitFor()
  await hears(page)
  await second.close()
})

part('the call goes on when the network was away for a moment', async ({ page }) => {
  await page.context().setOffline(true)
  await page.waitForTimeout(3_000)
  await page.context().setOffline(false)
  await page.locator('.phone-line-ready').waitFor()
  await page.locator('.talk-talking').waitFor()
  await hears(page)
  await hears(visitor)
  // The browser says so when it is offline; that is no fault of the page.
  complaints().splice(0)
})

part('on a telephone, in Chinese and in the dark, all of it is there', async ({ page }) => {
  await button(page, '切换为中文').click()
  await page.locator('.talk', { hasText: '通话中' }).waitFor()
  await picture(page, 'talking-zh')
  await page.setViewportSize(NARROW)
  expect(await tooWide(page)).toEqual([0, 0])
  await picture(page, 'talking-narrow-zh')
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture(page, 'talking-narrow-dark')
  expect(await barriers(page)).toEqual([])
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(WIDE)
  await button(page, 'Switch to English').click()
})

part('hung up, the call is finished in words, which go to its ticket', async ({ page }) => {
  await page.locator('body').press('x')
  await page.locator('.wrap-up').waitFor()
  const summary = page.locator('.wrap-up textarea')
  expect(await summary.inputValue()).toBe('Wants the blue one.')
  await page.locator('.wrap-up .ticket-link').waitFor()
  await picture(page, 'wrap-up')
  expect(await barriers(page)).toEqual([])
  const address = await page.locator('.wrap-up .ticket-link').getAttribute('href')
  await page.getByText('Waiting for them').click()
  await button(page, 'Done').click()
  await page.getByText('Waiting for a call').waitFor()
  await page.goto(new URL(address ?? '', page.url()).href)
  await page.locator('.note-text', { hasText: 'Wants the blue one.' }).waitFor()
  await page.locator('.history', { hasText: 'Set to pending' }).waitFor()
  await visitor.getByText('The call is over.').waitFor()
  await picture(visitor, 'widget-over')
})

part('a denied microphone is said plainly, and the call goes on being offered', async ({ page, service: { console: here } }) => {
  const { context } = { context: page.context() }
  await nav(page, '/desk')
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))
    navigator.permissions.query = () => Promise.reject(new TypeError())
  })
  await calls(here)
  await wantsPerson()
  await page.locator('.offer').waitFor()
  await button(page, 'Answer').click()
  await page.getByText('The browser blocks the microphone.', { exact: false }).waitFor()
  await page.locator('.offer').waitFor()
  await picture(page, 'denied')
  await button(page, 'Decline').click()
  await page.locator('.offer').waitFor({ state: 'detached' })
  await button(visitor, 'Hang up').click()
  await visitor.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))
  })
  await visitor.goto(`${here}/talk`)
  await button(visitor, 'Call us now').click()
  await visitor.getByText('Your browser blocks the microphone.', { exact: false }).waitFor()
  await button(visitor, 'Try again').waitFor()
  await picture(visitor, 'widget-denied')
  expect(context.pages().length).toBeGreaterThan(1)
})

part('nothing was complained about', async () => {
  await Promise.resolve()
  expect(complaints()).toEqual([])
})
