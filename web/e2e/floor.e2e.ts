/** A supervisor makes queues, says for an agent that they are away, and sees who waits, where and why. Real service, browser and caller. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { barriers } from './axe'
import { nav, story, tooWide } from './story'

const NARROW = { width: 360, height: 740 }
const WIDE = { width: 1440, height: 900 }
/** With HOTLINE_PICTURES the pages are kept as pictures in that folder, to be looked at. */
const pictures = process.env.HOTLINE_PICTURES

const { part, complaints } = story(() =>
  Promise.resolve({
    // Keys lead the way; nobody has to be understood.
    HOTLINE_SPEECH_EN: '',
    HOTLINE_SPEECH_ZH: '',
    HOTLINE_UNDERSTAND_ENCODER: 'false',
  }),
)

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `floor-${name}.png`) })
}

/** A page as it is seen: wide and narrow, with nothing in anybody's way. */
async function looked(page: Page, name: string): Promise<void> {
  await picture(page, name)
  expect(await barriers(page)).toEqual([])
  await page.setViewportSize(NARROW)
  expect(await tooWide(page)).toEqual([0, 0])
  await picture(page, `${name}-narrow`)
  await page.setViewportSize(WIDE)
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

part('a queue is made, and what is wrong with it is said beside its field', async ({ page, service: { signInLink } }) => {
  await page.setViewportSize(WIDE)
  await page.goto(signInLink)
  await page.locator('.connection-live').waitFor()
  await ask(page, 'POST', '/extensions', { name: '101' })
  await page.reload()
  await nav(page, '/queues')
  await page.locator('.queue-card', { hasText: 'usual settings' }).waitFor()
  await page.locator('body').press('n')
  await page.getByLabel('Name for people').first().fill('Second line')
  await page.getByLabel('Name in flows').fill('second line')
  await button(page, 'Save').click()
  await page.locator('.queue-field', { hasText: 'Name in flows' }).getByRole('alert').waitFor()
  await page.getByLabel('Name in flows').fill('second')
  await button(page, 'Save').click()
  await page.locator('.queue-card', { hasText: 'Second line' }).waitFor()
  await looked(page, 'queues')
})

part('a queue that was changed meanwhile is not overwritten unasked, and nothing typed is lost', async ({ page }) => {
  await page.locator('.queue-card-title', { hasText: 'service' }).click()
  await page.getByLabel('When nobody works here').click()
  await page.locator('.ant-select-item-option', { hasText: 'Callers wait for somebody' }).click()
  await page.getByLabel('Name for people').first().fill('Service desk')
  await button(page, 'Save').click()
  await button(page, 'Discard what I changed').waitFor({ state: 'detached' })
  await looked(page, 'editor')

  const kept = await ask<{ revision: number; queue: object }>(page, 'GET', '/queues/service')
  await ask(page, 'PUT', '/queues/service', { revision: kept.revision, queue: { ...kept.queue, ring_s: 25 } })
  await page.getByLabel('Name for people').first().fill('Customer service')
  await page.locator('#queue-title').press('Control+s')
  await page.getByText('Somebody else changed this queue meanwhile').waitFor()
  await page.reload()
  await page.getByText('Changes of yours from before are still here.').waitFor()
  expect(await page.locator('#queue-title').inputValue()).toBe('Customer service')
  await button(page, 'Save').click()
  await button(page, 'Save mine over it').click()
  await page.getByText('Somebody else changed this queue meanwhile').waitFor({ state: 'detached' })
  expect((await ask<{ queue: { title: string } }>(page, 'GET', '/queues/service')).queue.title).toBe('Customer service')
})

part('an agent is given a skill, and a reason to be away is added', async ({ page }) => {
  await page.goto(new URL('/queues/agents', page.url()).href)
  await page.locator('.queue-people').getByRole('button').click()
  await button(page, 'Add a skill').click()
  await page.getByLabel('Skill', { exact: true }).fill('billing')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.locator('.queue-people .chip', { hasText: 'billing' }).waitFor()
  await looked(page, 'people')
  await page.getByRole('tab', { name: 'Reasons to be away' }).click()
  await page.getByPlaceholder('Reason').fill('School run')
  await button(page, 'Add a reason').click()
  await page.locator('.queue-reasons', { hasText: 'School run' }).waitFor()
  await looked(page, 'reasons')
})

part('a supervisor says for an agent that they are away', async ({ page }) => {
  await nav(page, '/floor')
  const agent = page.locator('.wall-agent')
  await agent.getByRole('button').click()
  await page.getByRole('menuitem', { name: 'Away: School run' }).click()
  await page.locator('.wall-agent.wall-is-away', { hasText: 'School run' }).waitFor()
})

part('a caller waits, and is seen with their place and the reason', async ({ page, service: { call } }) => {
  const caller = call('--from', '+441632960009', '--keys', '0', '--seconds', '55')
  const row = page.locator('.wall-caller')
  await row.waitFor()
  await row.locator('.wall-place', { hasText: '1' }).waitFor()
  await row.locator('.wall-why', { hasText: 'is away (School run).' }).waitFor()
  await looked(page, 'board')
  await page.locator('.wall-tile', { hasText: 'Customer service' }).getByRole('button', { name: 'Waiting 1' }).click()
  await page.locator('#wall-callers .ant-tag', { hasText: 'Customer service' }).waitFor()
  await button(page, 'Change the turn of').click()
  await page.getByRole('menuitem', { name: 'Priority' }).hover()
  await page.getByRole('menuitem', { name: '10', exact: true }).click()
  await row.getByText('priority 10').waitFor()
  await page.locator('body').press('f')
  await page.locator('.wall-large').waitFor()
  await picture(page, 'wall')
  expect(await barriers(page)).toEqual([])
  await page.locator('body').press('f')
  await button(page, '切换为中文').click()
  await row.locator('.wall-why', { hasText: '等待原因' }).waitFor()
  await looked(page, 'board-zh')
  await nav(page, '/queues')
  await page.locator('.queue-card').first().waitFor()
  await picture(page, 'queues-zh')
  await page.locator('.queue-card-title', { hasText: 'Customer service' }).click()
  await page.locator('.queue-form').waitFor()
  await looked(page, 'editor-zh')
  await nav(page, '/floor')
  expect(await caller.ended).toBe(0)
  await row.waitFor({ state: 'detached' })
})

part('nothing was complained about but what was asked wrongly', () => {
  // A browser says of every refusal that it was one.
  expect(complaints().filter((complaint) => !/status of (400|412)/.test(complaint))).toEqual([])
  return Promise.resolve()
})
