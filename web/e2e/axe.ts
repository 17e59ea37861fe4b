/** What an accessibility scan finds on the page as it stands. */
import axe, { type AxeResults, type Result, type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'

/** What bars somebody from using a page; lesser things are not counted. */
const BARS = new Set(['serious', 'critical'])
const options: RunOptions = { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }

const told = ({ id, nodes }: Result): string[] => nodes.map(({ target }) => `${id}: ${target.flat().join(' ')}`)

/** Evaluated, not added as a script, which the content security policy would refuse. Open shadow trees are looked into as well. */
async function violations(page: Page): Promise<Result[]> {
  await page.evaluate(axe.source)
  const found = await page.evaluate((wanted) => (window as unknown as { axe: { run: (within: Document, wanted: unknown) => Promise<AxeResults> } }).axe.run(document, wanted), options as unknown)
  return found.violations
}

/** Each as `rule: what it is about`. */
export async function barriers(page: Page): Promise<string[]> {
  return (await violations(page)).filter(({ impact }) => BARS.has(impact ?? '')).flatMap(told)
}

/** The lesser things, too. */
export async function accessibility(page: Page): Promise<string[]> {
  return (await violations(page)).flatMap(told)
}
