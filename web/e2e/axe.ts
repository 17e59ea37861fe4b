/** What an accessibility scan finds on the page as it stands. */
import axe, { type AxeResults, type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'

/** What bars somebody from using a page; lesser things are not counted. */
const BARS = new Set(['serious', 'critical'])
const options: RunOptions = { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }

/** Each as `rule: what it is about`. Evaluated, not added as a script, which the content security policy would refuse. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate((wanted) => (window as unknown as { axe: { run: (within: Document, wanted: unknown) => Promise<AxeResults> } }).axe.run(document, wanted), options as unknown)
  return violations.filter(({ impact }) => BARS.has(impact ?? '')).flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}
