/** An admin draws a flow of three blocks by mouse and keyboard, mends it, publishes it and goes back. Real service and browser. */
import type { Page } from 'playwright-core'
import { afterAll, expect } from 'vitest'
import { wav } from '../src/flow/edit/trial/wav'
import { barriers } from './axe'
import { nav, story, tooWide } from './story'
import { voice } from './voice'

const NARROW = { width: 360, height: 740 }
const WIDE = { width: 1440, height: 900 }
const HELLO = 'Thank you for calling. I will put you through.'

/** A flow of Twilio Studio: one step that maps as a whole, one that does not. */
const STUDIO = {
  description: 'Reception',
  states: [
    { name: 'Trigger', type: 'trigger', transitions: [{ event: 'incomingCall', next: 'greet' }], properties: {} },
    { name: 'greet', type: 'say-play', transitions: [{ event: 'audioComplete', next: 'text_back' }], properties: { say: 'Good morning.' } },
    { name: 'text_back', type: 'send-message', transitions: [{ event: 'sent' }, { event: 'failed' }], properties: { body: 'Thank you for calling.' } },
  ],
  initial_state: 'Trigger',
}

const SPOKEN = 'where is my order'
const speaker = voice(SPOKEN)
afterAll(() => speaker?.remove())

const { part, complaints } = story(undefined, speaker?.flags)

interface Document {
  id: string
  name: string
  start: string
  sub_flows?: { id: string; name: string; start: string }[]
  blocks: { id: string; type: string; params?: Record<string, unknown>; edges?: Record<string, string> }[]
  metadata?: { tests?: unknown[] }
}
interface Draft {
  revision: number
  findings: { severity: string; code: string }[]
  document: Document
  live: number | null
  live_document: Document
}

/** Asks as the page does, signed in. */
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

const draft = (page: Page) => ask<Draft>(page, 'GET', '/flows/draft')
const block = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`)
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })
const saved = (page: Page) => page.locator('[data-save="saved"]').waitFor()

/** The middle of something, in the window. */
async function middle(page: Page, selector: string): Promise<{ x: number; y: number }> {
  const box = await page.locator(selector).first().boundingBox()
  if (!box) throw new Error(`${selector} is not seen`)
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

async function pull(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 })
  await page.mouse.move(to.x, to.y, { steps: 4 })
  await page.mouse.up()
}

part('the editor opens from the flow, with nothing to publish and nothing lost', async ({ page, service: { signInLink } }) => {
  await page.goto(signInLink)
  await page.locator('.connection-live').waitFor()
  await nav(page, '/flows')
  await button(page, 'Edit').click()
  await block(page, 'greeting').waitFor()
  await saved(page)
  expect((await draft(page)).revision).toBe(0)
})

part('a turn is spoken into the microphone, leads where the same words lead in writing, and is kept as it was heard', async ({ page, skip }) => {
  if (!speaker) skip('neither flite nor espeak-ng is there to speak')
  const sound = { headers: { 'x-hotline': '1', 'content-type': 'audio/wav' }, data: Buffer.from(wav(new Float32Array(16_000), 16_000)) }
  const recogniser = await page.request.post(new URL('/api/v1/flows/simulate/hear?language=en', page.url()).href, sound)
  if (recogniser.status() === 503) skip(await recogniser.text())
  expect(recogniser.status()).toBe(200)
  const before = await draft(page)
  await page.locator('.react-flow__pane').click({ position: { x: 5, y: 5 } })
  await page.keyboard.press('t')
  const turns = page.getByRole('log').locator('li')
  const way = () => turns.last().locator('.try-way button').evaluateAll((all) => all.map((one) => (one as HTMLElement).title))
  const say = page.getByRole('textbox', { name: 'Say something' })
  await say.fill(SPOKEN)
  await say.press('Enter')
  await turns.nth(1).waitFor()
  const written = await way()
  expect(written).not.toEqual([])
  const back = async () => {
    await button(page, 'One step back').click()
    await turns.nth(1).waitFor({ state: 'detached' })
  }

  // Clicked, and ended by silence.
  await back()
  const talk = button(page, 'Talk')
  const played = page.waitForRequest((request) => request.url().endsWith('/flows/simulate') && (request.postData() ?? '').includes('"confidence"'))
  await talk.click()
  await page.locator('[data-mic="recording"] .try-level').waitFor()
  expect(await talk.getAttribute('aria-pressed')).toBe('true')
  expect(await barriers(page)).toEqual([])
  // What is heard may be there before anybody could look.
  await turns.nth(1).waitFor()
  expect(await way()).toEqual(written)
  const { test } = (await played).postDataJSON() as { test: { steps: { hear: { text: string; confidence: number; alternatives: string[] } }[] } }
  expect(test.steps).toEqual([{ hear: { text: expect.stringMatching(/order/i) as string, confidence: expect.any(Number) as number, alternatives: expect.any(Array) as string[] } }])

  // Held with a key, and let go of.
  await back()
  await talk.focus()
  await page.keyboard.down(' ')
  await page.locator('[data-mic="recording"]').waitFor()
  await page.waitForTimeout(3_000)
  await page.keyboard.up(' ')
  await turns.nth(1).waitFor()
  expect(await way()).toEqual(written)

  await button(page, 'Keep as a test').click()
  await page.getByRole('textbox', { name: 'Name of the test' }).fill('Spoken')
  await page.keyboard.press('Enter')
  await button(page, 'Run all').click()
  await page.locator('[data-test="Spoken"][data-passed="true"]').waitFor()
  await saved(page)
  const kept = (await draft(page)).document.metadata?.tests as { name: string; steps: unknown[] }[]
  expect(kept.find(({ name }) => name === 'Spoken')?.steps[0]).toMatchObject({ hear: { text: expect.stringMatching(/order/i) as string } })
  await button(page, 'Close').click()
  await page.locator('.react-flow__pane').click({ position: { x: 5, y: 5 } })
  await page.keyboard.press('Control+z')
  await saved(page)
  expect((await draft(page)).document).toEqual(before.document)
})

part('where there can be no microphone, what to do is said', async ({ page }) => {
  await page.keyboard.press('t')
  await page.evaluate(() => Object.defineProperty(navigator, 'mediaDevices', { value: undefined, configurable: true }))
  await button(page, 'Talk').click()
  await page.getByRole('status').filter({ hasText: 'Open the console with https' }).waitFor()
  expect(await barriers(page)).toEqual([])
  await page.evaluate(() => Reflect.deleteProperty(navigator, 'mediaDevices'))
  await button(page, 'Close').click()
})

part('everything is taken away with two keys and comes back with one', async ({ page }) => {
  await page.locator('.react-flow__pane').click({ position: { x: 5, y: 5 } })
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await page.getByText('Pull a block from the left').waitFor()
  await page.keyboard.press('Control+z')
  await block(page, 'greeting').waitFor()
  await page.keyboard.press('Control+Shift+z')
  await page.getByText('Pull a block from the left').waitFor()
})

part('the first block is pulled onto the canvas and given its words', async ({ page }) => {
  await page.locator('[data-kind="say"]').dragTo(page.locator('.react-flow__pane'), { targetPosition: { x: 300, y: 90 } })
  await block(page, 'say').waitFor()
  const english = page.getByRole('textbox', { name: 'Prompt, English' })
  await english.fill(HELLO)
  await page.getByRole('textbox', { name: 'Prompt, 中文' }).fill('感谢您的来电，正在为您转接。')
  await saved(page)
  const { document } = await draft(page)
  expect(document.start).toBe('say')
  expect(document.blocks).toHaveLength(1)
  expect(document.blocks[0]?.params).toEqual({ prompt: { en: HELLO, 'zh-CN': '感谢您的来电，正在为您转接。' } })
})

part('an edge that is let go over nothing asks what comes next', async ({ page }) => {
  const from = await middle(page, '.react-flow__node[data-id="say"] [data-port="next"]')
  await pull(page, from, { x: from.x, y: from.y + 160 })
  await page.getByRole('combobox', { name: 'What comes next?' }).fill('to queue')
  await page.keyboard.press('Enter')
  await block(page, 'to_queue').waitFor()
  await saved(page)
  const { document } = await draft(page)
  expect(document.blocks.find(({ id }) => id === 'say')?.edges).toEqual({ next: 'to_queue' })
  expect(document.blocks.find(({ id }) => id === 'to_queue')?.params).toEqual({ queue: 'service' })
})

part('with the keyboard a block is added after the selected one, and named', async ({ page }) => {
  await page.locator('.react-flow__pane').click({ position: { x: 5, y: 5 } })
  await block(page, 'to_queue').click()
  await page.keyboard.press('n')
  await page.keyboard.press('ArrowUp')
  while ((await page.evaluate(() => (window.document.activeElement as HTMLElement).dataset.kind)) !== 'end') await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await block(page, 'end').waitFor()
  const name = page.getByRole('textbox', { name: 'Name of the block' })
  await name.fill('Call back later')
  await name.press('Enter')
  await block(page, 'call_back_later').waitFor()
  await page.getByRole('combobox', { name: 'Outcome' }).press('ArrowDown')
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: 'Call back' }).click()
  await saved(page)
  const { document } = await draft(page)
  expect(document.blocks.find(({ id }) => id === 'to_queue')?.edges).toEqual({ no_agents: 'call_back_later' })
  expect(document.blocks.find(({ id }) => id === 'call_back_later')?.params).toEqual({ outcome: 'callback' })
})

part('what is wrong is said on the block and in the list, refuses publishing, and is mended where it leads', async ({ page }) => {
  await block(page, 'to_queue').locator('.badge-error').waitFor()
  await button(page, 'Publish…').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('alert').filter({ hasText: '2 errors have to be fixed first' }).waitFor()
  expect(await dialog.getByRole('button', { name: 'Publish' }).isDisabled()).toBe(true)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await button(page, /2 errors/).click()
  await page.locator('.finding', { hasText: 'no edge for timeout' }).click()
  const way = page.getByRole('combobox', { name: 'Where timeout leads' })
  await way.waitFor()
  expect(await way.evaluate((field) => document.activeElement === field)).toBe(true)
  await page.keyboard.type('Call back')
  await page.keyboard.press('Enter')
  await button(page, /1 error/).waitFor()
  // The last one by mouse: pulled from the block to the block that it leads to.
  await pull(page, await middle(page, '.react-flow__node[data-id="to_queue"] [data-port="error"]'), await middle(page, '.react-flow__node[data-id="call_back_later"] .block'))
  await block(page, 'to_queue').locator('.badge-error').waitFor({ state: 'detached' })
  await saved(page)
  const edges = (await draft(page)).document.blocks.find(({ id }) => id === 'to_queue')?.edges
  expect(edges).toEqual({ error: 'call_back_later', no_agents: 'call_back_later', timeout: 'call_back_later' })
})

part('it is tried without a telephone, its way is lit, and the call is kept as a test that passes', async ({ page }) => {
  await page.locator('.react-flow__pane').click({ position: { x: 5, y: 5 } })
  await page.keyboard.press('t')
  const log = page.getByRole('log')
  await log.getByText(HELLO).waitFor()
  await page.locator('.try-dock[data-waiting="agent"]').waitFor()
  await block(page, 'say').locator('.block-passed').waitFor()
  await block(page, 'to_queue').locator('.block-waits').waitFor()
  await page.locator('.react-flow__edge.way-taken').first().waitFor({ state: 'attached' })
  await button(page, 'Nobody is there').click()
  await page.getByText('The call is over.').waitFor()
  await button(page, 'One step back').click()
  await block(page, 'to_queue').locator('.block-waits').waitFor()
  await button(page, 'Nobody is there').press('Enter')
  await page.getByText('The call is over.').waitFor()
  await block(page, 'call_back_later').locator('.block-passed').waitFor()
  await button(page, 'Keep as a test').click()
  await page.getByRole('textbox', { name: 'Name of the test' }).fill('Nobody is there')
  await page.keyboard.press('Enter')
  await button(page, 'Run all').click()
  await page.locator('[data-test="Nobody is there"][data-passed="true"]').waitFor()
  await saved(page)
  const kept = await draft(page)
  expect(kept.document.metadata?.tests).toMatchObject([{ name: 'Nobody is there', steps: [{ agent: 'no_agents' }, { expect: { outcome: 'callback' } }] }])
  await button(page, 'Close').click()
  await block(page, 'say').locator('.block-passed').waitFor({ state: 'detached' })
})

part('it is published with a note and answers from now on', async ({ page }) => {
  await button(page, 'Publish…').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Call back later').first().waitFor()
  await dialog.getByPlaceholder('What is new').fill('Three blocks')
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await dialog.getByText(/Version \d+ answers calls/).waitFor()
  await dialog.getByRole('button', { name: 'Done' }).click()
  const { live, live_document } = await draft(page)
  expect(live).not.toBeNull()
  expect(live_document.blocks.map(({ id }) => id).sort()).toEqual(['call_back_later', 'say', 'to_queue'])
  await page.getByText(`version ${live} answers calls`).waitFor()
})

part('the draft is compared with a version side by side', async ({ page }) => {
  await block(page, 'say').click()
  await page.getByRole('textbox', { name: 'Prompt, English' }).fill('Hello.')
  await saved(page)
  await button(page, 'Versions').click()
  await page.locator('.version').first().getByRole('button', { name: 'Compare with the draft' }).click()
  await page.locator('.compare-side').nth(1).locator('.block-changed', { hasText: 'changed' }).waitFor()
  await page.locator('.compare-list summary', { hasText: 'Say' }).click()
  await page.locator('.compare-list del', { hasText: HELLO }).waitFor()
  await page.locator('.compare-list ins', { hasText: 'Hello.' }).waitFor()
  await button(page, 'Close the comparison').click()
})

part('the version before answers again at once', async ({ page }) => {
  const before = await draft(page)
  await button(page, 'Versions').click()
  const earlier = page.locator('.version-earlier').first()
  await earlier.getByRole('button', { name: 'Roll back' }).click()
  await page.locator('.ant-popconfirm .ant-btn-primary').click()
  await page.getByText(/Version \d+ answers calls\./).waitFor()
  await page.keyboard.press('Escape')
  const after = await draft(page)
  expect(after.live).not.toBe(before.live)
  expect(after.live_document.blocks.length).toBeGreaterThan(3)
  expect(after.document).toEqual(before.document)
})

part('a scheduled version can be called off', async ({ page }) => {
  await button(page, 'Publish…').click()
  const dialog = page.getByRole('dialog').filter({ hasText: 'Publish the draft' })
  await dialog.getByText('Later', { exact: true }).click()
  await dialog.getByRole('button', { name: 'Schedule' }).click()
  await dialog.getByText(/answers from/).waitFor()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await button(page, 'Versions').click()
  await page.locator('.version-scheduled').getByRole('button', { name: 'Call it off' }).click()
  await page.locator('.ant-popconfirm .ant-btn-primary').click()
  await page.locator('.version-cancelled').waitFor()
  await page.keyboard.press('Escape')
})

part('when somebody else was first, nothing of either is lost', async ({ page }) => {
  const { revision, document } = await draft(page)
  await block(page, 'say').click()
  await ask(page, 'PUT', '/flows/draft', { revision, document: { ...document, name: 'Their name' } })
  await page.getByRole('textbox', { name: 'Prompt, English' }).fill('Mine.')
  const alert = page.getByRole('alert').filter({ hasText: 'at the same time' })
  await alert.waitFor()
  expect(JSON.stringify((await draft(page)).document)).not.toContain('Mine.')
  await alert.getByRole('button', { name: 'Look at the difference' }).click()
  await page.locator('.compare-list').getByText('Say').waitFor()
  await button(page, 'Close the comparison').click()
  await alert.getByRole('button', { name: 'Go on from theirs' }).click()
  await page.getByRole('heading', { name: 'Their name' }).waitFor()
  await page.keyboard.press('Control+z')
  await saved(page)
  expect(JSON.stringify((await draft(page)).document)).toContain('Mine.')
})

part('a block is copied and pasted, found, and gone again', async ({ page }) => {
  await page.keyboard.press('Escape')
  await block(page, 'say').click()
  await page.keyboard.press('Control+d')
  await block(page, 'say_2').waitFor()
  await page.keyboard.press('Control+f')
  await page.getByRole('combobox', { name: 'Find a block or its words' }).fill('callback')
  await page.keyboard.press('Enter')
  await page.locator('.react-flow__node.selected[data-id="call_back_later"]').waitFor()
  await page.keyboard.press('Control+z')
  await block(page, 'say_2').waitFor({ state: 'detached' })
  await saved(page)
})

part('a sub-flow is begun, named and filled, and a block runs it', async ({ page }) => {
  await page.keyboard.press('Escape')
  await button(page, 'New sub-flow').click()
  const name = page.getByRole('textbox', { name: 'Name of the sub-flow' })
  await name.fill('Who calls')
  await name.press('Enter')
  await block(page, 'return').waitFor()
  await page.locator('[data-kind="say"]').click()
  await page.locator('.part', { hasText: 'Main flow' }).click()
  await block(page, 'say').waitFor()
  expect(await block(page, 'return').count()).toBe(0)
  await page.locator('.react-flow__pane').click({ position: { x: 5, y: 5 } })
  await page.locator('[data-kind="sub_flow"]').click()
  await block(page, 'sub_flow').dblclick()
  await block(page, 'return').waitFor()
  await saved(page)
  const { document } = await draft(page)
  expect(document.sub_flows).toMatchObject([{ name: 'Who calls', start: 'return' }])
  expect(document.blocks.find(({ id }) => id === 'sub_flow')?.params).toEqual({ flow: document.sub_flows?.[0]?.id })
  while ((await page.locator('.part').count()) > 1) await page.keyboard.press('Control+z')
  await saved(page)
  expect((await draft(page)).findings.filter(({ severity }) => severity === 'error')).toEqual([])
})

part('a template takes the place of the draft, and one key brings the draft back', async ({ page }) => {
  const before = await draft(page)
  await button(page, 'Begin from a template or a file').click()
  await page.getByRole('menuitem', { name: 'Begin from a template' }).click()
  const dialog = page.getByRole('dialog').filter({ hasText: 'Begin from a template' })
  await dialog.locator('.template', { hasText: 'After hours' }).click()
  await dialog.locator('.react-flow__node[data-id="hours"]').waitFor()
  expect(await barriers(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Use “After hours”' }).click()
  await page.getByText('what is live stays until you publish').waitFor()
  await button(page, 'Replace the draft').click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('heading', { name: 'After hours' }).waitFor()
  await block(page, 'hours').click()
  await page.getByRole('group', { name: 'Days 1' }).waitFor()
  await saved(page)
  const taken = await draft(page)
  expect(taken.document.id).toBe(before.document.id)
  expect(taken.findings.filter(({ severity }) => severity === 'error')).toEqual([])
  await page.locator('.react-flow__pane').click({ position: { x: 5, y: 5 } })
  await page.keyboard.press('Control+z')
  await page.getByRole('heading', { name: before.document.name }).waitFor()
  await saved(page)
  expect((await draft(page)).document).toEqual(before.document)
})

part('a flow of another system is read, reported step by step and taken', async ({ page }) => {
  await button(page, 'Begin from a template or a file').click()
  await page.getByRole('menuitem', { name: 'Import a flow' }).click()
  const dialog = page.getByRole('dialog').filter({ hasText: 'Import a flow' })
  const file = (name: string, text: string) => ({ name, mimeType: 'application/json', buffer: Buffer.from(text) })
  await dialog.locator('input[type="file"]').setInputFiles(file('no.json', '{"nothing": "known"}'))
  await dialog.getByRole('alert').waitFor()
  await dialog.locator('input[type="file"]').setInputFiles(file('studio.json', JSON.stringify(STUDIO)))
  await dialog.getByText('Twilio Studio', { exact: true }).waitFor()
  await dialog.locator('.import-list [data-status="mapped"]', { hasText: 'greet' }).waitFor()
  await dialog.locator('.react-flow__node').first().waitFor()
  expect(await barriers(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Take into the draft' }).click()
  await button(page, 'Replace the draft').click()
  await dialog.waitFor({ state: 'hidden' })
  const left = page.getByRole('region', { name: 'What the import leaves to do' })
  await left.locator('.finding:not(:disabled)').first().click()
  await page.locator('.react-flow__node.selected').waitFor()
  await left.getByRole('checkbox').first().click()
  await left.getByRole('button', { name: 'Put the list away' }).click()
  await page.locator('.react-flow__pane').click({ position: { x: 5, y: 5 } })
  await page.keyboard.press('Control+z')
  await block(page, 'say').waitFor()
  await saved(page)
})

part('yesterday’s callers are asked before publishing, and each that would have gone elsewhere is shown', async ({ page, service: { call } }) => {
  expect(await call('--from', '+441632960007', '--keys', '2', '--seconds', '12').ended).toBe(0)
  await button(page, 'Publish…').click()
  const dialog = page.getByRole('dialog').filter({ hasText: 'Publish the draft' })
  await dialog.locator('.replay-gate').getByRole('button', { name: 'Run' }).click()
  await dialog.locator('[data-fate="same"]').waitFor()
  expect(await barriers(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Look at them' }).click()
  const one = page.locator('.replay-one')
  await one.waitFor()
  await page.locator('.replay [class*="block-on-"]').first().waitFor()
  expect(await one.getByRole('link').getAttribute('href')).toMatch(/^\/calls\/[0-9a-f-]{36}$/)
  expect(await barriers(page)).toEqual([])
  await button(page, 'Run again').click()
  await one.waitFor()
  await page.keyboard.press('Escape')
  await block(page, 'say').waitFor()
})

part('nothing in the editor bars anybody', async ({ page }) => {
  expect(await barriers(page)).toEqual([])
  await block(page, 'say').click()
  expect(await barriers(page)).toEqual([])
  await page.keyboard.press('Escape')
})

part('a telephone shows the flow as its steps, and is not wider than it is', async ({ page }) => {
  await page.setViewportSize(NARROW)
  await page.getByText('changing it needs a wider window').waitFor()
  await page.locator('.step[data-block="say"]').waitFor()
  await page.locator('.step[data-block="say"] .step-ways').getByText('→ To queue').click()
  await page.locator('.step[data-block="to_queue"] .step-block:focus').waitFor()
  expect(await barriers(page)).toEqual([])
  expect(await page.locator('.palette').count()).toBe(0)
  expect(await tooWide(page)).toEqual([0, 0])
  await page.setViewportSize(WIDE)
})

part('nothing was complained about but the change that came too late and the file that was none', async () => {
  await Promise.resolve()
  expect(complaints().filter((what) => !/status of (412|400)/.test(what))).toEqual([])
})
