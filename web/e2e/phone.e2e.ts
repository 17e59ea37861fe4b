/** Callers of web pages, with a real browser: heard, understood, back after a broken socket, and many at once. */
import { afterAll, expect } from 'vitest'
import { story } from './story'
import { ask, flags, hears, installed } from './telephone'
import { voice } from './voice'

const CROWD = 20
const spoken = voice('I would like to know when you are open please')
afterAll(() => spoken?.remove())

const { part, complaints } = story(
  () =>
    Promise.resolve({
      HOTLINE_WEBRTC_WIDGET: 'true',
      HOTLINE_WEBRTC_CALLS: '100',
      HOTLINE_WEBRTC_STARTS: '1000',
      HOTLINE_SPEECH_ZH: '',
      HOTLINE_UNDERSTAND_ENCODER: 'false',
    }),
  [...flags, ...(spoken?.flags ?? [])],
)

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
