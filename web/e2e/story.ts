/** What a file of tests tells: one service and one browser, and its parts in order. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, test } from 'vitest'
import { browse, type Browser } from './browser'
import { serve, Skipped, type Service } from './service'

export interface Desk {
  page: Page
  service: Service
  /** Leaves the part out; `why` is what is missing. */
  skip: (why: string) => never
}

export interface Story {
  /** A part of the story; nothing to tell where something is missing. */
  part: (name: string, tell: (desk: Desk) => Promise<void>) => void
  /** What the browser complained about until now. */
  complaints: () => string[]
}

/** `configure` gives the service's configuration, once there is somebody to ask; `flags` are the browser's. */
export function story(configure: () => Promise<Record<string, string>> = () => Promise.resolve({}), flags: readonly string[] = []): Story {
  let service: Service | undefined
  let browser: Browser | undefined

  beforeAll(async () => {
    try {
      service = await serve(await configure())
      browser = await browse(service.console, flags)
      browser.page.setDefaultTimeout(60_000)
    } catch (failure) {
      if (!(failure instanceof Skipped)) throw failure
      console.log(`skipped: ${failure.message}`)
    }
  })

  afterAll(async () => {
    await browser?.close()
    await service?.stop()
  })

  const complaints = () => browser?.complaints ?? []
  return {
    complaints,
    part: (name, tell) =>
      test(name, async ({ skip, onTestFailed }) => {
        if (!service || !browser) return skip()
        onTestFailed(() => console.log([...complaints(), service?.log() ?? ''].join('\n')))
        const leave = (why: string) => {
          console.log(`skipped: ${why}`)
          return skip(why)
        }
        await tell({ page: browser.page, service, skip: leave })
      }),
  }
}

export const nav = (page: Page, place: string) => page.locator(`nav a.place[href="${place}"]`).click()

/** How far the page is wider than its window: none, when all is well. */
export const tooWide = (page: Page): Promise<number[]> =>
  page.evaluate(() => {
    const boxes = [document.documentElement, document.getElementById('main')]
    return boxes.map((box) => (box ? box.scrollWidth - box.clientWidth : 0))
  })
