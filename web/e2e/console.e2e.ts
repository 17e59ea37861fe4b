/** A call as the console shows it: while it runs, afterwards, in its ticket, on its flow. Real service, call and browser. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { RunningCall } from './service'
import { nav, story, tooWide } from './story'

const CALLER = '+441632960001'
const TALKER = '+441632960002'
/** "You don't mean that you thought me so silly." */
const SPEECH = join(
  process.env.HOTLINE_SHARED ?? join(import.meta.dirname, '../../../shared'),
  'speech/en_read/libri-1688-142285-0002.wav',
)
const GREETING = /Thank you for calling/
const HOURS = /open from Tuesday to Saturday/
const NARROW = { width: 360, height: 740 }
const WIDE = { width: 1440, height: 900 }

const { part, complaints } = story()
let running: RunningCall | undefined

const onlyOne = (page: Page) => page.locator('.list .list-row', { hasText: CALLER })

/** Reloading would forget this. */
const mark = (page: Page) => page.evaluate(() => (document.documentElement.dataset['loaded'] = 'once'))
const neverReloaded = async (page: Page) =>
  expect(await page.evaluate(() => document.documentElement.dataset['loaded'])).toBe('once')

async function openCall(page: Page): Promise<void> {
  await nav(page, '/calls')
  await onlyOne(page).getByRole('link').first().click()
  await page.locator('h1', { hasText: CALLER }).waitFor()
}

async function openTicket(page: Page): Promise<void> {
  await openCall(page)
  await page.locator('.facts .ticket-link').click()
  await page.locator('.ticket h1').waitFor()
}

part('the one-time link signs in and leaves the address', async ({ page, service: { signInLink } }) => {
  await page.goto(signInLink)
  await page.locator('.connection-live').waitFor()
  expect(new URL(page.url()).pathname).toBe('/live')
  expect(page.url()).not.toContain('token')
  await page.getByText('It is quiet').waitFor()
  await mark(page)
})

part('a call that runs is pushed to Live with the words of the bot', async ({ page, service: { call } }) => {
  running = call('--from', CALLER, '--keys', '2', '--seconds', '25')
  const card = page.locator('.live-card', { hasText: CALLER })
  await card.waitFor()
  await card.getByText(GREETING).waitFor()
  await card.locator('kbd', { hasText: '2' }).waitFor()
  await card.getByText(HOURS).waitFor()
  expect(running.running()).toBe(true)
  await neverReloaded(page)
})

part('after its end it stands among the calls', async ({ page }) => {
  expect(await running?.ended).toBe(0)
  await page.locator('.live-card').waitFor({ state: 'detached' })
  await page.locator('.live-recent .list-row', { hasText: CALLER }).getByText('Resolved').waitFor()
  await nav(page, '/calls')
  await onlyOne(page).locator('.ticket-link', { hasText: '#1' }).waitFor()
  expect(await onlyOne(page).count()).toBe(1)
  await neverReloaded(page)
})

part('the call is shown word by word beside its waveform', async ({ page }) => {
  await openCall(page)
  await page.locator('.transcript .line-bot', { hasText: HOURS }).waitFor()
  await page.locator('.transcript .line-keys kbd', { hasText: '2' }).waitFor()
  const wave = page.locator('.wave canvas')
  await wave.first().waitFor({ state: 'attached' })
  const drawn = await wave.evaluateAll((canvases) =>
    canvases.some((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement
      const pixels = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data
      return pixels?.some((value) => value > 0) ?? false
    }),
  )
  expect(drawn).toBe(true)
})

part('a line plays from its second', async ({ page }) => {
  const line = page.locator('.transcript .line-bot', { hasText: HOURS })
  await line.locator('.line-time').click()
  await page.waitForFunction(() => window.played.some((media) => !media.paused))
  const from = await page.evaluate(() => window.played.find((media) => !media.paused)?.currentTime ?? 0)
  expect(from).toBeGreaterThan(1)
  await page.waitForFunction((begun) => window.played.some((media) => media.currentTime > begun + 0.5), from)
  await page.locator('.transcript .line-current', { hasText: HOURS }).waitFor()
  await page.locator('.recording-bar button').first().click()
  await page.waitForFunction(() => window.played.every((media) => media.paused))
})

part('journal, latency and path are behind their tabs', async ({ page }) => {
  const tab = (name: string) => page.getByRole('tab', { name }).click()
  await tab('Journal')
  await page.locator('.journal .entry-said', { hasText: HOURS }).waitFor()
  await page.locator('.journal .entry-ended').waitFor()
  await tab('Latency')
  await page.locator('[role="tabpanel"]').getByText(/On the wire|No reply has been measured/).first().waitFor()
  await tab('Path')
  await page.locator('.path li strong', { hasText: 'Hours' }).waitFor()
})

part('the messages of the call are drawn as a ladder, its sound as graphs, and both can be taken along', async ({ page }) => {
  await page.getByRole('tab', { name: 'Technical' }).click()
  const ladder = page.locator('.ladder')
  for (const label of ['INVITE', '200 OK', 'ACK', 'BYE']) await ladder.locator('.arrow b', { hasText: label }).first().waitFor()
  await ladder.getByRole('button', { name: /INVITE sip:100/ }).focus()
  await page.keyboard.press('Enter')
  await ladder.locator('pre', { hasText: /Call-ID: / }).waitFor()
  await ladder.locator('pre', { hasText: /m=audio \d+ RTP\/AVP/ }).waitFor()
  await page.locator('.verdict .grade-good').first().waitFor()
  expect(await page.locator('.chart svg').count()).toBe(4)
  expect(await page.locator('.chart-incoming circle').count()).toBeGreaterThan(10)
  await page.locator('.technical-well').waitFor()
  const capture = page.locator('.technical-downloads a', { hasText: 'pcap' })
  const begins = await capture.evaluate(async (link) => {
    const bytes = await (await fetch((link as HTMLAnchorElement).href)).arrayBuffer()
    return new DataView(bytes).getUint32(0, true)
  })
  expect(begins).toBe(0xa1b2c3d4)
})

part('without a trunk the page of the trunks tells how to begin', async ({ page }) => {
  await nav(page, '/trunks')
  await page.locator('.trunk-example', { hasText: '[trunk.carrier]' }).waitFor()
})

/** A second of a tone, as a WAV file of 8 kHz. */
function tone(): Buffer {
  const samples = 8_000
  const wav = Buffer.alloc(44 + samples * 2)
  wav.write('RIFF', 0)
  wav.writeUInt32LE(36 + samples * 2, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(8_000, 24)
  wav.writeUInt32LE(16_000, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(samples * 2, 40)
  for (let n = 0; n < samples; n++) wav.writeInt16LE(Math.round(900 * Math.sin(n * 0.3)), 44 + n * 2)
  return wav
}

part('a prompt is played, recorded, and given back to the voice', async ({ page }) => {
  await nav(page, '/prompts')
  const prompt = page.locator('.prompt', { hasText: 'Thank you for calling Wobbly Wheel Cycles.' })
  await prompt.getByText('Voice: flite-rms').waitFor()
  await prompt.getByRole('button', { name: /^Play/ }).click()
  await prompt.getByRole('button', { name: /^Stop/ }).waitFor()
  await prompt.locator('input[type=file]').setInputFiles({ name: 'anna.wav', mimeType: 'audio/wav', buffer: tone() })
  await prompt.getByText('Recording: anna.wav').waitFor()
  await page.locator('.ant-segmented-item', { hasText: 'Recorded' }).click()
  expect(await page.locator('.prompt').count()).toBe(1)
  await prompt.getByRole('button', { name: 'Remove the recording' }).click()
  await page.locator('.ant-popconfirm .ant-btn-primary').click()
  await page.getByText('Nothing here is like that').waitFor()
  await page.locator('.ant-segmented-item', { hasText: 'All languages' }).click()
  await prompt.getByText('Voice: flite-rms').waitFor()
})

part('an article is written, heard, tried and changed', async ({ page }) => {
  await nav(page, '/knowledge')
  await page.getByText('No articles yet').waitFor()
  await page.getByRole('button', { name: 'New article' }).first().click()
  const questions = page.getByLabel('Ways of asking', { exact: false })
  await questions.fill('Do you rent bicycles?\nCan I hire a bike for a day?\nWhat does a rental bike cost?')
  await page.getByLabel('For the eye', { exact: false }).fill('Yes, for **fifteen euros** a day.')
  await page.getByRole('button', { name: 'Hear it' }).click()
  await page.getByRole('button', { name: 'Stop' }).waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('h1', { hasText: 'Do you rent bicycles?' }).waitFor()

  // A draft is told to nobody.
  const ask = async (question: string) => {
    await page.goto(new URL('/knowledge?view=try', page.url()).toString())
    await page.getByPlaceholder('A question').fill(question)
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
  }
  const address = page.url()
  await ask('can I hire a bicycle for one day')
  await page.locator('.verdict-unknown').waitFor()
  await page.goto(address)
  await page.getByLabel('State').click()
  await page.locator('.ant-select-item-option', { hasText: 'Approved' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('.head .review-approved').waitFor()
  await ask('can I hire a bicycle for one day')
  await page.locator('.verdict-known').waitFor()
  await page.locator('.hits li').first().getByText('Yes, for fifteen euros a day.').waitFor()

  await page.locator('.hits li a').first().click()
  await page.getByText('History', { exact: true }).click()
  await page.locator('.changes ins', { hasText: 'approved' }).waitFor()
  await mark(page)
})

part('its ticket takes a note and a status', async ({ page }) => {
  await openTicket(page)
  await page.locator('.ticket .transcript', { hasText: HOURS }).waitFor()
  await page.getByRole('textbox', { name: 'Note' }).fill('Called back, all is well.')
  await page.getByRole('button', { name: 'Add note' }).click()
  await page.locator('.note-text', { hasText: 'Called back, all is well.' }).waitFor()
  await page.locator('.properties .ant-select').first().click()
  await page.locator('.ant-select-dropdown .status', { hasText: 'Pending' }).click()
  await page.locator('.history', { hasText: 'Set to pending' }).waitFor()
  await nav(page, '/tickets')
  await page.locator('.ticket-row .mark-pending').waitFor()
})

part('the flow is drawn as a graph', async ({ page }) => {
  await nav(page, '/flows')
  await page.locator('.react-flow__node', { hasText: 'Greeting' }).waitFor()
  expect(await page.locator('.react-flow__node').count()).toBeGreaterThan(10)
  await page.locator('.react-flow__edge-path').nth(10).waitFor({ state: 'attached' })
  await page.getByTestId('rf__node-hours').click()
  await page.locator('.inspector-side', { hasText: HOURS }).waitFor()
})

part('中文 replaces every text at once', async ({ page }) => {
  await nav(page, '/live')
  await page.getByRole('button', { name: '切换为中文' }).click()
  await page.locator('h1', { hasText: '实时' }).waitFor()
  await page.locator('nav a.place', { hasText: '工单' }).waitFor()
  await page.getByText('刚刚结束').waitFor()
  await page.locator('.live-recent .chip', { hasText: '已解决' }).waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN')
  await neverReloaded(page)
  await page.getByRole('button', { name: 'Switch to English' }).click()
  await page.locator('h1', { hasText: 'Live' }).waitFor()
})

part('no page is wider than a telephone', async ({ page }) => {
  await page.setViewportSize(NARROW)
  const fits = async (where: string) => {
    expect(await tooWide(page), where).toEqual([0, 0])
  }
  for (const language of ['English', '中文']) {
    await nav(page, '/live')
    await onlyOne(page).first().waitFor()
    await fits(`Live, ${language}`)
    await nav(page, '/calls')
    await onlyOne(page).waitFor()
    await fits(`Calls, ${language}`)
    await openCall(page)
    await page.locator('.wave canvas').first().waitFor({ state: 'attached' })
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click()
      await fits(`Call, ${await tab.innerText()}`)
    }
    await nav(page, '/tickets')
    await page.locator('.ticket-row').waitFor()
    await fits(`Tickets, ${language}`)
    await openTicket(page)
    await page.locator('.note-text').waitFor()
    await fits(`Ticket, ${language}`)
    await nav(page, '/flows')
    await page.locator('.step').first().waitFor()
    await fits(`Flow, ${language}`)
    await nav(page, '/prompts')
    await page.locator('.prompt').first().waitFor()
    await fits(`Prompts, ${language}`)
    await nav(page, '/knowledge')
    await page.locator('.article-row').first().waitFor()
    await fits(`Knowledge, ${language}`)
    await page.locator('.article-row a').first().click()
    await page.locator('.editor').waitFor()
    await fits(`Article, ${language}`)
    await nav(page, '/trunks')
    await page.locator('.trunk-example').waitFor()
    await fits(`Trunks, ${language}`)
    await page.locator('button', { has: page.locator('.lucide-languages') }).click()
  }
  await page.setViewportSize(WIDE)
  await neverReloaded(page)
})

part('every word that a caller said plays from where it was said', async ({ page, service: { call } }) => {
  if (!existsSync(SPEECH)) return console.log(`skipped: ${SPEECH} is not there`)
  expect(await call('--from', TALKER, '--play', SPEECH, '--seconds', '28').ended).toBe(0)
  await nav(page, '/calls')
  await page.locator('.list .list-row', { hasText: TALKER }).getByRole('link').first().click()
  const words = page.locator('.transcript .line-caller').first().locator('.word')
  await words.nth(4).waitFor()
  await page.locator('.wave canvas').first().waitFor({ state: 'attached' })
  await page.evaluate(() => {
    window.marked = []
    const look = () => document.querySelectorAll('.word-current').forEach((word) => window.marked.push(word.textContent))
    new MutationObserver(look).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['class'] })
  })
  const playing = () => page.evaluate(() => window.played.find((media) => !media.paused)?.currentTime ?? -1)
  const begins = () => page.waitForFunction(() => window.played.some((media) => !media.paused))
  const pause = async () => {
    await page.locator('.recording-bar button').first().click()
    await page.waitForFunction(() => window.played.every((media) => media.paused))
  }

  const word = words.nth(3)
  const from = Number(await word.getAttribute('data-from')) / 1_000
  await word.click()
  await begins()
  const at = await playing()
  expect(at).toBeGreaterThan(from - 0.2)
  expect(at).toBeLessThan(from + 1.5)
  const after = [await word.textContent(), await words.nth(4).textContent()]
  await page.waitForFunction((expected) => expected.every((text) => window.marked.includes(text)), after)
  await pause()

  // With the keys: one stop for all words, arrows between them.
  expect(await page.locator('.transcript [tabindex="0"].word').count()).toBe(1)
  await page.locator('.transcript [tabindex="0"].word').focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowRight')
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(await words.nth(1).textContent())
  await page.keyboard.press('Enter')
  await begins()
  expect(await playing()).toBeLessThan(from)
  await pause()

  // The bot told when it began and ended: its words lie in between.
  const said = page.locator('.transcript .line-bot').first().locator('.word')
  const last = Number(await said.last().getAttribute('data-from')) / 1_000
  await said.last().click()
  await begins()
  expect(await playing()).toBeGreaterThan(last - 0.2)
  await pause()
})

part('nothing was complained about', async () => {
  await Promise.resolve()
  expect(complaints()).toEqual([])
})
