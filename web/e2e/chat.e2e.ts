/** A visitor's chat and tap menu, on pages of their own and on a shop's page. Real service and browser; the shop is ours. */
import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect } from 'vitest'
import { barriers } from './axe'
import { nav, story } from './story'

const NARROW = { width: 360, height: 640 }
const WIDE = { width: 1280, height: 800 }
const GREETING = /Thank you for calling Wobbly Wheel Cycles/
/** With HOTLINE_PICTURES the pages are kept as pictures in that folder, to be looked at. */
const pictures = process.env.HOTLINE_PICTURES

let shop: Server | undefined
/** What the shop's page shows of the widget. */
let widget = ''
/** Cookies that anybody set. */
const cookies: string[] = []

const page_ = () => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Wobbly Wheel Cycles</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <style>
    * { color: red !important; font: 40px fantasy !important; }
    button { background: lime !important; border: 9px solid blue !important; text-transform: uppercase }
    p { display: none !important; }
    body { background: #fff; }
  </style></head><body><main><h1>Bicycles</h1><a href="#help">Help</a></main>${widget}</body></html>`

/** A shop of two doors: its order service, and its page. */
async function openShop(): Promise<Record<string, string>> {
  shop = createServer((request, response) => {
    const number = /^\/orders\/(\d+)$/.exec(request.url ?? '')?.[1]
    if (number === undefined) {
      response.writeHead(200, { 'content-type': 'text/html' }).end(page_())
    } else if (number === '1042') {
      response.writeHead(200, { 'content-type': 'application/json' })
      setTimeout(() => response.end(JSON.stringify({ number, item: 'a touring bicycle', status: 'shipped' })), 400)
    } else {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
    }
  })
  await new Promise<void>((ready) => shop?.listen(0, '127.0.0.1', ready))
  return {
    HOTLINE_CHAT_ENABLED: 'true',
    HOTLINE_CHAT_ORIGINS: address(),
    HOTLINE_CHAT_STARTS: '1000',
    HOTLINE_CHAT_MESSAGES: '1000',
    HOTLINE_FLOW_VARIABLES: `order_service=${address()}`,
    // Nobody calls here.
    HOTLINE_SPEECH_EN: '',
    HOTLINE_SPEECH_ZH: '',
    HOTLINE_UNDERSTAND_ENCODER: 'false',
  }
}

const address = () => `http://127.0.0.1:${(shop?.address() as AddressInfo).port}`
afterAll(() => shop?.close())

const { part, complaints } = story(openShop)

const line = (page: Page, text: string | RegExp) => page.locator('.log .line', { hasText: text })
const chip = (page: Page, name: string) => page.locator('.chips').getByRole('button', { name, exact: true })
const big = (page: Page, name: string) => page.locator('.taps').getByRole('button', { name, exact: true })
/** The element that has the keyboard, inside the widget. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const inside = document.querySelector('hotline-chat')?.shadowRoot?.activeElement
    return inside?.getAttribute('aria-label') ?? inside?.textContent ?? ''
  })

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}.png`) })
}

/** Nothing is kept but, while a chat goes on, what opens it in this tab. */
async function keepsOnly(page: Page, kept: string[]): Promise<void> {
  expect(await page.evaluate(() => document.cookie)).toBe('')
  expect(await page.context().cookies()).toEqual([])
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([])
  expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual(kept)
}

const inside = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)

part('before anybody begins, nothing is kept and nobody is asked', async ({ page, service: { console: here } }) => {
  page.on('response', (response) => {
    const cookie = response.headers()['set-cookie']
    if (cookie !== undefined) cookies.push(`${response.url()}: ${cookie}`)
  })
  await page.setViewportSize(WIDE)
  const asked: string[] = []
  const watch = (request: { url: () => string }) => void (request.url().includes('/api/') && asked.push(request.url()))
  page.on('request', watch)
  await page.goto(`${here}/chat`)
  await page.getByRole('button', { name: 'Start the chat' }).waitFor()
  expect(asked).toEqual([])
  page.off('request', watch)
  await keepsOnly(page, [])
  expect(await barriers(page)).toEqual([])
  await picture(page, 'start')
})

part('a visitor asks by mouse where an order is, and is told', async ({ page }) => {
  await page.getByRole('button', { name: 'Start the chat' }).click()
  await line(page, GREETING).waitFor()
  await chip(page, 'Your order').waitFor()
  await keepsOnly(page, ['hotline.chat'])
  expect(await barriers(page)).toEqual([])
  await picture(page, 'chat')
  await page.getByLabel('Your message').fill('where is my order')
  await page.getByRole('button', { name: 'Send' }).click()
  await line(page, 'What is your order number?').waitFor()
  const field = page.getByLabel('Your message')
  expect(await field.getAttribute('inputmode')).toBe('numeric')
  expect(await field.getAttribute('placeholder')).toBe('4 digits')
  await field.fill('1042')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.locator('.working:visible').waitFor()
  await line(page, /1042, a touring bicycle, is on its way/).waitFor()
  await picture(page, 'told')
  await chip(page, 'Nothing more').click()
  await line(page, 'The conversation is over.').waitFor()
  await page.getByRole('button', { name: 'Start again' }).waitFor()
  expect(await page.locator('.log .you').allTextContents()).toEqual(['You: where is my order', 'You: 1042', 'You: Nothing more'])
  await keepsOnly(page, [])
  expect(await barriers(page)).toEqual([])
  await picture(page, 'over')
})

part('a chat goes on after the page is loaded anew, in the same tab only', async ({ page, service: { console: here } }) => {
  await page.getByRole('button', { name: 'Start again' }).click()
  await page.getByRole('button', { name: 'Start the chat' }).click()
  await chip(page, 'Your order').click()
  await line(page, 'What is your order number?').waitFor()
  const before = await page.locator('.log .line').allTextContents()
  await page.reload()
  await line(page, 'What is your order number?').waitFor()
  expect(await page.locator('.log .line').allTextContents()).toEqual(before)
  const other = await page.context().newPage()
  await other.goto(`${here}/chat`)
  await other.getByRole('button', { name: 'Start the chat' }).waitFor()
  await other.close()
})

part('what is said while the connection is lost arrives once', async ({ page }) => {
  await page.context().setOffline(true)
  await page.getByLabel('Your message').fill('1042')
  await page.keyboard.press('Enter')
  await page.locator('.you.sending', { hasText: '1042' }).waitFor()
  await page.waitForTimeout(1_200)
  await page.context().setOffline(false)
  await line(page, /is on its way/).waitFor()
  expect(await page.locator('.log .you', { hasText: '1042' }).count()).toBe(1)
  expect(await page.locator('.log .bot', { hasText: 'is on its way' }).count()).toBe(1)
  await page.getByRole('button', { name: 'End', exact: true }).click()
  await page.getByRole('button', { name: 'End it' }).click()
  await line(page, 'The conversation is over.').waitFor()
  // The browser says so when it is offline; that is no fault of the page.
  complaints().splice(0)
})

part('on a shop’s page it looks like itself, and works by keyboard alone', async ({ page, service: { console: here } }) => {
  widget = `<script src="${here}/widget.js" data-title="Ask Wobbly Wheel" data-color="#0b6f6a" data-privacy="/privacy"></script>`
  await page.goto(address())
  const launcher = page.getByRole('button', { name: 'Ask Wobbly Wheel' })
  await launcher.waitFor()
  const looks = await launcher.evaluate((button) => {
    const { backgroundColor, fontSize, textTransform, borderTopWidth } = getComputedStyle(button)
    return { backgroundColor, fontSize, textTransform, borderTopWidth }
  })
  expect(looks).toEqual({ backgroundColor: 'rgb(11, 111, 106)', fontSize: '15px', textTransform: 'none', borderTopWidth: '0px' })
  await picture(page, 'shop')
  await page.getByRole('link', { name: 'Help' }).focus()
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Ask Wobbly Wheel')
  await page.keyboard.press('Enter')
  expect(await focused(page)).toBe('Start the chat')
  await page.keyboard.press('Enter')
  await line(page, GREETING).waitFor()
  await chip(page, 'Your order').waitFor()
  expect(await focused(page)).toBe('Your message')
  await page.keyboard.type('when are you open')
  await page.keyboard.press('Enter')
  await line(page, /open from Tuesday to Saturday/).waitFor()
  await chip(page, 'Nothing more').waitFor()
  // Backwards from the field are the choices, the last one first.
  await page.keyboard.press('Shift+Tab')
  expect(await focused(page)).toBe('A person')
  await page.keyboard.press('Shift+Tab')
  expect(await focused(page)).toBe('Nothing more')
  await picture(page, 'shop-chat')
  await page.keyboard.press('Escape')
  await launcher.waitFor()
  expect(await focused(page)).toBe('Ask Wobbly Wheel')
  await page.keyboard.press('Enter')
  await chip(page, 'Nothing more').focus()
  await page.keyboard.press('Enter')
  await line(page, 'The conversation is over.').waitFor()
  expect(await focused(page)).toBe('Start again')
  await keepsOnly(page, [])
})

part('a page of a site that was not named is told no', async ({ page, service: { console: here } }) => {
  const stranger = address().replace('127.0.0.1', 'localhost')
  widget = `<script src="${here}/widget.js" data-open></script>`
  await page.goto(stranger)
  await page.getByRole('button', { name: 'Start the chat' }).click()
  await page.getByRole('alert').filter({ hasText: 'We cannot be reached' }).waitFor()
  // The browser writes what it was refused.
  complaints().splice(0)
})

part('the tap menu works at 360 px, by thumb and by the keys of a keyboard', async ({ page, service: { console: here } }) => {
  await page.setViewportSize(NARROW)
  await page.goto(`${here}/tap`)
  await picture(page, 'tap-start')
  expect(await barriers(page)).toEqual([])
  await page.getByRole('button', { name: 'Start with buttons' }).click()
  await page.locator('.captions', { hasText: GREETING }).waitFor()
  await big(page, 'Your order').waitFor()
  expect(await inside(page)).toBe(true)
  const sizes = await page.locator('button:visible').evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect()))
  expect(sizes.filter(({ width, height }) => width < 44 || height < 44)).toEqual([])
  expect(await barriers(page)).toEqual([])
  await picture(page, 'tap-menu')
  await big(page, 'Your order').click()
  await page.locator('.captions', { hasText: 'What is your order number?' }).waitFor()
  const pad = page.getByRole('group', { name: 'Keypad' })
  for (const digit of ['1', '0', '5']) await pad.getByRole('button', { name: digit }).click()
  await pad.getByRole('button', { name: 'Delete the last digit' }).click()
  // The rest by the keyboard.
  await page.keyboard.type('42')
  expect(await pad.getByRole('status').textContent()).toBe('1042')
  expect(await barriers(page)).toEqual([])
  await picture(page, 'tap-keypad')
  await pad.getByRole('button', { name: 'Done' }).click()
  await page.locator('.captions', { hasText: /is on its way/ }).waitFor()
  await page.locator('.taps').waitFor()
  expect(await inside(page)).toBe(true)
  await picture(page, 'tap-told')
  await page.keyboard.press('2')
  await page.locator('.captions', { hasText: 'The conversation is over.' }).waitFor()
  await keepsOnly(page, [])
})

part('in Chinese it speaks Chinese, and whoever wants a person is told how it is', async ({ page, service: { console: here } }) => {
  await page.goto(`${here}/tap?lang=zh`)
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN')
  await page.getByRole('button', { name: '用按钮回答' }).click()
  await page.locator('.captions', { hasText: '您好,欢迎致电摇摇轮单车行' }).waitFor()
  await big(page, '营业时间').waitFor()
  await picture(page, 'zh-menu')
  await big(page, '退款').click()
  await big(page, '人工服务').waitFor()
  await page.getByRole('button', { name: '用文字回答' }).click()
  await page.getByLabel('输入消息').fill('转人工')
  await page.getByRole('button', { name: '发送' }).click()
  await line(page, '目前人工服务只接听电话').waitFor()
  await line(page, '我们会尽快给您回电').waitFor()
  await line(page, '对话已结束').waitFor()
  expect(await barriers(page)).toEqual([])
  await picture(page, 'zh-over')
})

part('in the dark, with high contrast and without motion it stays readable', async ({ page, service: { console: here } }) => {
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await page.setViewportSize(WIDE)
  await page.goto(`${here}/chat`)
  await page.getByRole('button', { name: 'Start the chat' }).click()
  await chip(page, 'Your order').waitFor()
  await page.getByLabel('Your message').fill('what is the meaning of life')
  await page.keyboard.press('Enter')
  await line(page, 'meaning of life').waitFor()
  await chip(page, 'A refund').waitFor()
  expect(await barriers(page)).toEqual([])
  expect(await page.locator('.panel').evaluate((panel) => getComputedStyle(panel).animationName)).toBe('none')
  await picture(page, 'dark')
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' })
  await picture(page, 'forced')
  await page.emulateMedia({ forcedColors: 'none', reducedMotion: 'no-preference' })
})

part('nobody ever got a cookie', () => {
  expect(cookies).toEqual([])
  return Promise.resolve()
})

part('the console shows the chats as calls without sound', async ({ page, service: { signInLink } }) => {
  await page.goto(signInLink)
  await page.locator('.connection-live').waitFor()
  await page.locator('.live-card', { hasText: 'Chat' }).getByText('what is the meaning of life', { exact: true }).waitFor()
  await nav(page, '/calls')
  const row = page.locator('.list .list-row', { hasText: 'Chat' }).filter({ hasText: 'Callback' }).first()
  await row.getByRole('link').first().click()
  await page.locator('h1', { hasText: 'Chat' }).waitFor()
  await page.locator('.transcript .line-caller', { hasText: '转人工' }).waitFor()
  expect(await page.locator('.recording, .recording-none').count()).toBe(0)
  await picture(page, 'console')
  expect(complaints()).toEqual([])
})
