/** What telephones in browsers cost and how quick they are. Runs where HOTLINE_BENCH is set; numbers are printed, none is demanded. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { Skipped } from './service'
import { story } from './story'
import { ask, flags, installed } from './telephone'

const bench = process.env.HOTLINE_BENCH !== undefined
const [ROUNDS, LEGS, WATCHED_MS] = [50, 50, 20_000]
/** Clock ticks of the kernel in a second. */
const TICKS = 100

const { part } = story(
  () =>
    bench
      ? Promise.resolve({
          HOTLINE_WEBRTC_WIDGET: 'true',
          HOTLINE_WEBRTC_CALLS: '100',
          HOTLINE_WEBRTC_STARTS: '1000',
          // What is measured is the telephone, not recognition.
          HOTLINE_SPEECH_EN: '',
          HOTLINE_SPEECH_ZH: '',
          HOTLINE_UNDERSTAND_ENCODER: 'false',
        })
      : Promise.reject(new Skipped('HOTLINE_BENCH is not set')),
  [...flags, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
)

const percentile = (values: number[], share: number) => {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}
const shown = (values: number[]) => `p50 ${percentile(values, 0.5)} ms, p95 ${percentile(values, 0.95)} ms`

/** Seconds of processor time, and bytes of memory, that a process has used. */
function used(pid: number): { cpu: number; memory: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { cpu: (Number(fields[11]) + Number(fields[12])) / TICKS, memory: Number(resident) * 1_024 }
}

part('how quickly a browser rings and both ends hear each other', async ({ page, service: { signInLink } }) => {
  await installed(page)
  await page.goto(signInLink)
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
  await ask(page, 'POST', 'extensions', { name: '101' })
  await page.evaluate(async () => {
    await window.phone.connect('/api/v1/phone')
    window.phone.send({ type: 'hello', tab: 'bench' })
    await window.phone.message({ type: 'ready' })
  })
  const rounds: { ring_ms: number; sound_ms: number }[] = []
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await page.evaluate((round) => window.phone.loop(round), round))
  console.log(`dial to ring: ${shown(rounds.map(({ ring_ms }) => ring_ms))}`)
  console.log(`accept to sound both ways: ${shown(rounds.map(({ sound_ms }) => sound_ms))}`)
  expect(rounds).toHaveLength(ROUNDS)
})

part('what a leg costs', async ({ page, service: { pid }, skip }) => {
  if (pid === undefined) return skip('the service has no process')
  await page.reload()
  const tokens: string[] = []
  for (let n = 0; n < LEGS; n += 1) tokens.push(String((await ask(page, 'POST', 'widget/calls')).token))
  const before = used(pid)
  const { heard, connected_ms } = await page.evaluate((tokens) => window.phone.crowd(tokens), tokens)
  const begun = used(pid)
  await page.waitForTimeout(WATCHED_MS)
  const after = used(pid)
  const cpu = (after.cpu - begun.cpu) / (WATCHED_MS / 1_000) / LEGS
  console.log(`${LEGS} legs at once, dial to connected: ${shown(connected_ms)}`)
  console.log(`a leg: ${(cpu * 100).toFixed(2)} % of a core, ${Math.round((after.memory - before.memory) / LEGS / 1_000)} kB`)
  expect(heard).toBe(LEGS)
})
