/** Chromium with an empty profile, and one page in it whose every complaint is kept. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { Skipped } from './service'

/** With HOTLINE_CONSOLE the console comes from that folder instead of the binary, under the service's own headers. */
const folder = process.env.HOTLINE_CONSOLE
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const args = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  // A page that came from no network may not otherwise open a socket to this machine.
  ...(folder === undefined ? [] : ['--disable-features=LocalNetworkAccessChecks']),
]

declare global {
  interface Window {
    /** Every media element that was asked to play; the waveform's is not in the document. */
    played: HTMLMediaElement[]
    /** Every word that was marked as sounding, once watched. */
    marked: (string | null)[]
    complain: (what: string) => void
  }
}

export interface Browser {
  context: BrowserContext
  page: Page
  /** Console errors, exceptions and violations of the content security policy. */
  complaints: string[]
  close: () => Promise<void>
}

/** `flags` are added to those that every test needs. */
/** A browser for the service at `here`. */
export async function browse(here: string, flags: readonly string[] = []): Promise<Browser> {
  if (!existsSync(executablePath)) throw new Skipped(`${executablePath} is not there; name a Chromium in CHROMIUM`)
  const profile = mkdtempSync(join(tmpdir(), 'hotline-e2e-browser-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [...args, ...flags],
    locale: 'en-GB',
    viewport: { width: 1440, height: 900 },
    timeout: 60_000,
  })
  const complaints: string[] = []
  await context.exposeFunction('complain', (what: string) => void complaints.push(what))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      window.complain(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    )
    window.played = []
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its element below
    const play = HTMLMediaElement.prototype.play
    HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
      if (!window.played.includes(this)) window.played.push(this)
      return play.call(this)
    }
  })
  const page = context.pages()[0] ?? (await context.newPage())
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  await fromFolder(context, here)
  const close = async () => {
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  }
  return { context, page, complaints, close }
}

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

async function fromFolder(context: BrowserContext, here: string): Promise<void> {
  if (folder === undefined) return
  await context.route(
    // Pages of others stay what they are.
    ({ origin, pathname }) => origin === new URL(here).origin && !pathname.startsWith('/api/'),
    async (route) => {
      const { pathname, origin } = new URL(route.request().url())
      const wanted = join(folder, pathname)
      const page = existsSync(`${wanted}.html`) ? `${wanted}.html` : join(folder, 'index.html')
      const file = extname(pathname) !== '' && existsSync(wanted) ? wanted : page
      const { 'content-security-policy': policy = '' } = (await route.fetch({ url: `${origin}/` })).headers()
      await route.fulfill({
        body: readFileSync(file),
        headers: { 'content-type': types[extname(file)] ?? 'application/octet-stream', 'content-security-policy': policy },
      })
    },
  )
}
