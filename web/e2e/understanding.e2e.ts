/** An admin teaches the intents: examples, a try, a check, a version that answers, and a token for another program. Real service and browser. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { nav, story, tooWide } from './story'

const NEW = 'has the courier lost my wheels again'
const PASTED = ['- where on earth is the courier', '2. WHERE ON EARTH IS THE COURIER?', 'has my crank set left the warehouse'].join('\n')
const TALKER = '+441632960003'
/** "You don't mean that you thought me so silly." */
const SPEECH = join(
  process.env.HOTLINE_SHARED ?? join(import.meta.dirname, '../../../shared'),
  'speech/en_read/libri-1688-142285-0002.wav',
)
/** One line twice, one that the flow has, one out of scope, and an intent without an example. */
const TABLE = [
  'text,intent',
  'do you sell gift cards,gift_card',
  'do you sell gift cards,gift_card',
  'I would like a voucher for a friend,gift_card',
  'where is my order,order_status',
  'what is the weather like on Mars,out_of_scope',
  ',trade_in',
].join('\n')
const NARROW = { width: 360, height: 740 }
const WIDE = { width: 1440, height: 900 }

const { part, complaints } = story()

const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true }).click()
const open = (page: Page, name: string) => page.locator('.u-row', { has: page.locator('.mono', { hasText: name }) }).click()
const examples = (page: Page) => page.locator('.u-line > input').evaluateAll((fields) => fields.map((field) => (field as HTMLInputElement).value))
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

/** Asks as the page does, signed in. */
const ask = (page: Page, method: string, path: string, body?: unknown): Promise<unknown> =>
  page.evaluate(
    async ([verb, address, sent]) => {
      const headers = { 'x-hotline': '1', 'content-type': 'application/json' }
      const answer = await fetch(`/api/v1${address}`, { method: verb, headers, body: sent })
      if (!answer.ok) throw new Error(`${verb} ${address}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as unknown
    },
    [method, path, body === undefined ? undefined : JSON.stringify(body)] as const,
  )

part("the flow's intents are there, and one is chosen by its address", async ({ page, service: { signInLink } }) => {
  await page.goto(signInLink)
  await page.locator('.connection-live').waitFor()
  await nav(page, '/understanding')
  await page.getByText("the flow's own intents answer").waitFor()
  await open(page, 'order_status')
  expect(new URL(page.url()).search).toBe('?intent=order_status')
  await page.getByText('Changing it here makes a copy of ours').waitFor()
  expect(await button(page, 'Publish…').isDisabled()).toBe(true)
})

part('an example is added, a contradiction is told before it is added', async ({ page }) => {
  const add = page.getByRole('textbox', { name: 'Add', exact: true })
  await add.fill('When are you OPEN?')
  await page.locator('.u-verdict', { hasText: 'contradicts' }).waitFor()
  await add.fill(NEW)
  await add.press('Enter')
  expect((await examples(page))[0]).toBe(NEW)
  await page.getByText('1 unsaved change').waitFor()
  await page.getByText("A copy of the flow's intent").waitFor()
})

part('many are pasted at once; what is there twice is left out', async ({ page }) => {
  await button(page, 'Paste many').click()
  await page.getByRole('dialog').getByRole('textbox').fill(`${PASTED}\n${NEW}`)
  await page.getByRole('dialog').getByText('2 new lines').waitFor()
  await page.getByRole('dialog').getByText('2 lines are here already').waitFor()
  await button(page, 'Add 2 lines').click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  expect((await examples(page)).slice(0, 3)).toEqual(['where on earth is the courier', 'has my crank set left the warehouse', NEW])
})

part('what is not saved outlives a reload, which warns', async ({ page }) => {
  const warned = new Promise<string>((resolve) =>
    page.once('dialog', (dialog) => {
      resolve(dialog.type())
      void dialog.accept()
    }),
  )
  await page.reload()
  expect(await warned).toBe('beforeunload')
  await page.getByText('1 unsaved change').waitFor()
  await page.locator('.u-line').first().waitFor()
  expect(await examples(page)).toContain(NEW)
})

part('somebody else saves first: nothing is lost on either side', async ({ page }) => {
  await ask(page, 'PUT', '/intents', { revision: 0, intents: [], out_of_scope: [{ text: 'sing me a song' }], tests: [] })
  await button(page, /^Save/).click()
  const alert = page.getByRole('alert').filter({ hasText: 'Somebody else has changed the intents' })
  await alert.waitFor()
  expect(await examples(page)).toContain(NEW)
  await alert.getByRole('button').click()
  await alert.waitFor({ state: 'detached' })
  await page.locator('.u-other', { hasText: 'Out of scope' }).getByText('1').waitFor()
  expect(await examples(page)).toContain(NEW)
  await page.keyboard.press('Control+s')
  await page.locator('.u-unsaved').waitFor({ state: 'detached' })
  await page.getByText('Callers are answered as before').waitFor()
})

part('the try box says what is understood now, and why', async ({ page }) => {
  await page.keyboard.press('Escape')
  await page.getByRole('textbox', { name: 'What would a caller say?' }).fill('where is my order')
  const answer = page.locator('.u-try .u-answer').first()
  await answer.locator('.u-decision-accept', { hasText: 'Your order' }).waitFor()
  await answer.locator('.u-ranking li').first().getByText('Your order').waitFor()
  await answer.locator('.u-nearest li', { hasText: 'where is my order' }).first().waitFor()
  await answer.getByText("Version the flow's own").waitFor()
  await answer.getByText('It is an example of Your order already.').waitFor()
})

part('a text that is tried becomes an example with one click', async ({ page }) => {
  const said = 'I am still waiting for the wheel you sent'
  await page.getByRole('textbox', { name: 'What would a caller say?' }).fill(said)
  const teach = page.locator('.u-teach')
  await teach.waitFor()
  await teach.locator('.ant-select').click()
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: 'Your order' }).click()
  await teach.getByRole('button', { name: 'Add' }).click()
  await page.getByText('Added to Your order; not saved yet.').waitFor()
  expect((await examples(page))[0]).toBe(said)
})

part('tests are kept beside the examples', async ({ page }) => {
  await page.locator('.u-other', { hasText: 'Tests' }).click()
  await page.getByText('No test yet').waitFor()
  await page.getByRole('textbox', { name: 'What is said' }).fill('what time do you close today')
  await page.locator('.u-add .ant-select').click()
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: 'Our opening hours' }).click()
  await page.locator('.u-add').getByRole('button', { name: 'Add' }).click()
  expect(await examples(page)).toEqual(['what time do you close today'])
})

part('a check saves, and tells the accuracy with its number and interval', async ({ page }) => {
  await page.locator('.u-actions').getByRole('button', { name: 'Check' }).click()
  const accuracy = page.locator('.u-accuracy')
  await accuracy.waitFor()
  expect(await accuracy.innerText()).toMatch(/\d+%\s+of \d+ examples right \(\d+–\d+%\)/)
  await page.locator('.u-unsaved').waitFor({ state: 'detached' })
  await page.locator('.u-by-intent').getByText('Your order').waitFor()
  expect(new URL(page.url()).search).toBe('?view=check')
})

part('what is published is shown before, and answers afterwards', async ({ page }) => {
  await button(page, 'Publish…').click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('ins', { hasText: NEW }).waitFor()
  await dialog.getByRole('textbox', { name: 'Note' }).fill('Lost wheels')
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click()
  await dialog.getByText('Version 1 answers').waitFor()
  await dialog.getByText(/of 1 tests right/).waitFor()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('.head-note', { hasText: 'version 1 answers' }).waitFor()
  expect(await button(page, 'Publish…').isDisabled()).toBe(true)
  await page.getByRole('textbox', { name: 'What would a caller say?' }).fill(NEW)
  await page.locator('.u-decision-accept', { hasText: 'Your order' }).waitFor()
  await page.locator('.u-by', { hasText: 'Version 1 ·' }).waitFor()
})

part('the version stands in the history, with what was different', async ({ page }) => {
  await tab(page, 'History')
  const version = page.locator('.u-version[data-version="1"]')
  await version.getByText('Live', { exact: true }).waitFor()
  await version.getByText('Lost wheels').waitFor()
  await version.getByText(/trained in/).waitFor()
  await version.getByRole('button', { name: 'What changed' }).click()
  await page.locator('.u-compare ins', { hasText: NEW }).waitFor()
})

part('an earlier version answers again after a question', async ({ page }) => {
  const { revision } = (await ask(page, 'GET', '/intents')) as { revision: number }
  await ask(page, 'PUT', '/intents', { revision, intents: [], out_of_scope: [], tests: [] })
  await ask(page, 'POST', '/intents/train', { note: 'Back to the flow' })
  await page.reload()
  await page.locator('.head-note', { hasText: 'version 2 answers' }).waitFor()
  await page.locator('.u-version[data-version="1"]').getByRole('button', { name: 'Roll back to it' }).click()
  await page.locator('.ant-popconfirm .ant-btn-primary').click()
  await page.locator('.head-note', { hasText: 'version 1 answers' }).waitFor()
  await page.locator('.u-version-live[data-version="1"]').waitFor()
})

/** Chooses a file in the dialog of the import. */
const choose = (page: Page, name: string, text: string) =>
  page.getByRole('dialog').locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })
const importing = (page: Page) => page.locator('.u-exchange').getByRole('button', { name: 'Import' }).click()

part('a file is looked at before anything of it is in the draft; what is none is refused', async ({ page }) => {
  await tab(page, 'Intents')
  await open(page, 'order_status')
  const add = page.getByRole('textbox', { name: 'Add', exact: true })
  await add.fill('is my bell on its way')
  await add.press('Enter')
  await page.getByText('1 unsaved change').waitFor()
  await importing(page)
  const dialog = page.getByRole('dialog')
  await choose(page, 'empty.csv', '')
  await dialog.getByRole('alert').getByText('empty.csv is empty').waitFor()
  await choose(page, 'letter.txt', 'Dear Sir or Madam')
  await dialog.getByRole('alert').getByText(/letter\.txt: no format is recognised/i).waitFor()
  await choose(page, 'faq.csv', TABLE)
  await dialog.getByText('faq.csv: CSV').waitFor()
  await dialog.getByText('3 lines are new to the draft').waitFor()
  await dialog.locator('.u-report-warning', { hasText: 'Intents without an example' }).getByText('intent trade_in').waitFor()
  await dialog.locator('.u-report-note summary', { hasText: 'Examples that are there twice' }).click()
  await dialog.locator('.u-report-note li', { hasText: 'intent gift_card' }).getByText('faq.csv, line 3').waitFor()
  await dialog.getByText('Your 1 unsaved change is saved first.').waitFor()
  expect(JSON.stringify(await ask(page, 'GET', '/intents'))).not.toMatch(/gift_card|bell/)
})

part('a change of somebody else is taken in before the file joins the draft', async ({ page }) => {
  const { revision } = (await ask(page, 'GET', '/intents')) as { revision: number }
  await ask(page, 'PUT', '/intents', { revision, intents: [], out_of_scope: [{ text: 'tell me a joke' }], tests: [] })
  const dialog = page.getByRole('dialog')
  const add = dialog.getByRole('button', { name: 'Add 3 lines to the draft' })
  await add.click()
  await dialog.getByRole('alert').filter({ hasText: 'Nothing was added' }).getByRole('button').click()
  await dialog.getByRole('alert').waitFor({ state: 'detached' })
  await add.click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('.u-brought', { hasText: 'faq.csv is in the draft: 3 new lines.' }).waitFor()
  await page.locator('.u-unsaved').waitFor({ state: 'detached' })
  expect(await examples(page)).toContain('is my bell on its way')
  await open(page, 'trade_in')
  await page.getByText('No example yet').waitFor()
  await open(page, 'gift_card')
  await page.locator('.u-line').nth(1).waitFor()
  expect(await examples(page)).toEqual(['do you sell gift cards', 'I would like a voucher for a friend'])
  await page.locator('.u-other', { hasText: 'Out of scope' }).getByText('2').waitFor()
})

part('what is exported is what was imported, under the name of its format', async ({ page }) => {
  const files: string[] = []
  for (const format of ['CSV', 'JSON Lines', 'Rasa YAML']) {
    await page.locator('.u-exchange').getByRole('button', { name: 'Export' }).click()
    const coming = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: format }).click()
    const file = await coming
    files.push(file.suggestedFilename())
    const text = readFileSync(await file.path(), 'utf8')
    for (const line of ['do you sell gift cards', 'is my bell on its way', 'tell me a joke']) expect(text, format).toContain(line)
    if (format === 'CSV') expect(text).toMatch(/^\uFEFFtext,intent,lang\r?\n/)
  }
  expect(files).toEqual(['intents.csv', 'intents.jsonl', 'nlu.yml'])
})

part('an import is undone; what was typed before it stays', async ({ page }) => {
  const note = page.locator('.u-brought')
  await note.locator('summary', { hasText: 'findings of the import' }).click()
  await note.getByText('intent trade_in').waitFor()
  await note.getByRole('button', { name: 'Undo the import' }).click()
  await page.locator('.ant-popconfirm .ant-btn-primary').click()
  await note.waitFor({ state: 'detached' })
  await page.locator('.u-row', { hasText: 'gift_card' }).waitFor({ state: 'detached' })
  await page.locator('.u-other', { hasText: 'Out of scope' }).getByText('1').waitFor()
  await open(page, 'order_status')
  await page.locator('.u-head code', { hasText: 'order_status' }).waitFor()
  expect(await examples(page)).toContain('is my bell on its way')
})

part('a list of what callers name is added, pasted into, mended, published and tried', async ({ page }) => {
  await tab(page, 'Entities')
  await button(page, 'New list').first().click()
  await page.getByRole('dialog').getByRole('textbox').fill('bikes')
  await page.keyboard.press('Enter')
  await page.getByText('No entry yet').waitFor()
  await button(page, 'Paste many').click()
  await page.getByRole('dialog').getByRole('textbox').fill('value,label_en,label_zh,phrases_en\ncity bike,a city bike,城市车,town bike\nroad_bike,a road bike,公路车,racing bike')
  await page.getByRole('dialog').getByText('it is kept as city_bike').waitFor()
  await button(page, 'Take 2 entries').click()
  await page.locator('.e-entry[aria-label="road_bike"]').waitFor()
  await button(page, 'Remove the entry: road_bike').click()
  await button(page, 'Undo').click()
  const value = page.locator('.e-entry[aria-label="road_bike"] [data-field="value"]')
  await value.fill('road bike')
  await page.keyboard.press('Control+s')
  await page.getByRole('alert').filter({ hasText: 'Nothing was saved' }).waitFor()
  await button(page, 'Call it road_bike').click()
  await page.getByRole('textbox', { name: 'What would a caller say?' }).fill("I'd like the town bike")
  await page.getByText('bikes is not published yet').waitFor()
  await button(page, 'Publish…').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Entries of bikes').waitFor()
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('.e-found', { hasText: 'city_bike' }).waitFor()
  await page.locator('.e-marked mark', { hasText: 'town bike' }).waitFor()
})

part('a token lets another program ask; its secret is shown once', async ({ page, service }) => {
  await tab(page, 'Access')
  await page.getByRole('textbox', { name: 'What the token is for' }).fill('web chat')
  await button(page, 'Make a token').click()
  const secret = await page.getByRole('textbox', { name: 'Secret' }).inputValue()
  expect(secret.length).toBeGreaterThan(20)
  const curl = await page.locator('.u-curl').innerText()
  expect(curl).toContain(`Authorization: Bearer ${secret}`)

  const parse = () =>
    fetch(new URL('/api/v1/intents/parse', service.console), {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'where is my order' }),
    })
  const answer = await parse()
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ decision: 'accept', intent: 'order_status' })

  await page.reload()
  await page.locator('.u-token', { hasText: 'web chat' }).getByText(/^used/).waitFor()
  expect(await page.content()).not.toContain(secret)
  await button(page, 'Remove: web chat').click()
  await page.locator('.ant-popconfirm .ant-btn-primary').click()
  await page.getByText('No token yet').waitFor()
  expect((await parse()).status).toBe(401)
})

part('without anything to learn from, the page says so', async ({ page }) => {
  await tab(page, 'Learn')
  await page.getByText('Nothing to learn from').waitFor()
})

part('what a caller said that was not understood is heard, and judged with one click', async ({ page, service: { call } }) => {
  if (!existsSync(SPEECH)) return console.log(`skipped: ${SPEECH} is not there`)
  expect(await call('--from', TALKER, '--play', SPEECH, '--seconds', '28').ended).toBe(0)
  interface Known {
    id: string
    from: string
  }
  const { calls } = (await ask(page, 'GET', '/calls')) as { calls: Known[] }
  const { id } = calls.find(({ from }) => from === TALKER) as Known
  const detail = JSON.stringify(await ask(page, 'GET', `/calls/${id}`))
  if (!/"decision":"(rejected|disambiguated)"/.test(detail)) return console.log('skipped: the caller was understood')
  await page.reload()
  const group = page.locator('.u-group').first()
  await group.getByRole('button', { name: /^Listen/ }).first().click()
  await page.waitForFunction(() => window.played.some((media) => !media.paused && media.currentTime > 0))
  await page.waitForFunction(() => window.played.every((media) => media.paused))
  const groups = await page.locator('.u-group').count()
  await group.focus()
  await page.keyboard.press('x')
  await page.waitForFunction((before) => document.querySelectorAll('.u-group').length < before, groups)
})

part('no tab is wider than a telephone', async ({ page }) => {
  await page.setViewportSize(NARROW)
  for (const language of ['English', '中文']) {
    for (const [name, ready] of [
      ['intents', '.u-row'],
      ['intents?intent=order_status', '.u-line'],
      ['intents?view=tests', '.u-head'],
      ['intents?view=check', '.u-open'],
      ['entities', '.u-row'],
      ['entities?list=bikes', '.e-entry:not(.e-heads)'],
      ['learn', '.u-learn-head'],
      ['history?from=1&to=2', '.u-version'],
      ['access', '.u-access'],
    ] as const) {
      await page.goto(new URL(`/understanding/${name}`, page.url()).href)
      await page.locator(ready).first().waitFor()
      expect(await tooWide(page), `${name}, ${language}`).toEqual([0, 0])
    }
    await page.goto(new URL('/understanding/intents', page.url()).href)
    await page.locator('.u-exchange button').first().click()
    await choose(page, `${'a-long-name-'.repeat(6)}.csv`, TABLE)
    await page.locator('.u-findings').waitFor()
    expect(await page.locator('.ant-modal-body').evaluate((body) => body.scrollWidth - body.clientWidth), `import, ${language}`).toBe(0)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.locator('button', { has: page.locator('.lucide-languages') }).click()
  }
  await page.setViewportSize(WIDE)
})

part('nothing was complained about but the changes that came too late and the file that is none', async () => {
  await Promise.resolve()
  expect(complaints().filter((what) => !/status of (412|400)/.test(what))).toEqual([])
})
