/** Shares with the interval that so few lines leave open, and how two lists of lines differ. */
import type { Share, TrainingLine, TrainingTest } from '../api/types'
import type { Language } from '../i18n'
import { percent } from '../lib/format'

/** `76–89%`. */
export function interval({ from, to }: Pick<Share, 'from' | 'to'>, language: Language): string {
  const low = new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(from * 100)
  return `${low}–${percent(to, language)}`
}

export const shareOf = ({ right, n }: Share): number => (n === 0 ? 0 : right / n)

/** What the text `understanding.share` is filled with: `83% of 120 (76–89%)`. */
export const shareValues = (share: Share, language: Language): { share: string; n: string; interval: string } => ({
  share: percent(shareOf(share), language),
  n: new Intl.NumberFormat(language).format(share.n),
  interval: interval(share, language),
})

/** How long something took: `0.4 s`; below a tenth of a second, ms. */
export function took(ms: number, language: Language): string {
  if (ms < 100) return `${Math.round(ms)} ms`
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(ms / 1_000)} s`
}

/** How many lines came and went. */
export function comeAndGone<T extends TrainingLine | TrainingTest>(was: readonly T[], is: readonly T[]): { added: number; removed: number } {
  const key = (line: T) => JSON.stringify([line.text, 'intent' in line ? line.intent : ''])
  const [before, after] = [new Set(was.map(key)), new Set(is.map(key))]
  return { added: [...after].filter((line) => !before.has(line)).length, removed: [...before].filter((line) => !after.has(line)).length }
}

export interface Pair {
  /** The two intents, by name. */
  intents: [string, string]
  /** How many examples of the first were taken for the second, and the other way round. */
  n: [number, number]
}

/** Both directions of a confusion in one, the most examples first. */
export function pairs(confusions: readonly { intent: string; taken_for: string; n: number }[]): Pair[] {
  const found = new Map<string, Pair>()
  for (const { intent, taken_for, n } of confusions) {
    const forward = intent < taken_for
    const names: [string, string] = forward ? [intent, taken_for] : [taken_for, intent]
    const pair = found.get(names.join('\n')) ?? { intents: names, n: [0, 0] }
    pair.n[forward ? 0 : 1] += n
    found.set(names.join('\n'), pair)
  }
  return [...found.values()].sort((a, b) => b.n[0] + b.n[1] - (a.n[0] + a.n[1]))
}

/** A name that flows can use: `My order!` → `my_order`; Chinese stays. */
export const nameFrom = (typed: string): string =>
  typed
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replaceAll(/^_+|_+$/g, '')
