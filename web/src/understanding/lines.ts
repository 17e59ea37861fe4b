/**
 * Lines of text as people type and paste them: cut apart, compared, and sorted into those that are new and those that are
 * not. The service compares more closely (it knows fillers and traditional characters); this tells at once.
 */
import type { TrainingLine } from '../api/types'

export type LineLanguage = 'en' | 'zh-CN'

/** As much as the service takes. */
export const LONGEST_LINE = 1_000

const HAN = /\p{Script=Han}/u

export const detect = (text: string): LineLanguage => (HAN.test(text) ? 'zh-CN' : 'en')

export const languageOf = (line: TrainingLine): LineLanguage =>
  line.lang === 'en' || line.lang === 'zh-CN' ? line.lang : detect(line.text)

/** Two lines of one key say the same: case, width, punctuation and spaces do not count. */
export function keyOf(text: string): string {
  const bare = text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/['’]/g, '')
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
  return bare.replaceAll(/(?<=\p{Script=Han}) | (?=\p{Script=Han})/gu, '')
}

/** Other words in the same place; the language is told anew when the words are in another script. */
export function reworded(line: TrainingLine, text: string): TrainingLine {
  if (line.lang && detect(line.text) === detect(text)) return { text, lang: line.lang }
  return { text }
}

/** What was pasted, a line each; signs of a list before it and quotation marks around it do not belong to it. */
export function cut(pasted: string): string[] {
  return pasted
    .split(/\r\n|[\n\r\u2028]/)
    .map((line) =>
      line
        .trim()
        .replace(/^(?:[-*•·–—]|\d{1,3}[.)、])\s+/u, '')
        .replace(/^(["“「])(.*)(["”」])[,;]?$/u, '$2')
        .trim(),
    )
    .filter((line) => line !== '')
}

export interface Sorted {
  /** To be added. */
  fresh: string[]
  /** There already, or pasted twice. */
  repeated: string[]
  /** An example of another intent. */
  elsewhere: { text: string; intents: string[] }[]
  /** Longer than a line can be. */
  long: string[]
}

interface Named {
  name: string
  examples: readonly TrainingLine[]
}

/** In which intents each line stands, by key. */
export function places(intents: readonly Named[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { name, examples } of intents) {
    for (const { text } of examples) {
      const key = keyOf(text)
      if (key === '') continue
      const names = found.get(key)
      if (!names) found.set(key, [name])
      else if (!names.includes(name)) names.push(name)
    }
  }
  return found
}

/** Sorts what was pasted against the lines that are there and those of other intents. */
export function sort(
  pasted: string,
  there: readonly { text: string }[],
  elsewhere: ReadonlyMap<string, readonly string[]>,
  own?: string,
): Sorted {
  const seen = new Set(there.map(({ text }) => keyOf(text)))
  const sorted: Sorted = { fresh: [], repeated: [], elsewhere: [], long: [] }
  for (const text of cut(pasted)) {
    const key = keyOf(text)
    if (key === '') continue
    if ([...text].length > LONGEST_LINE) {
      sorted.long.push(text)
      continue
    }
    if (seen.has(key)) {
      sorted.repeated.push(text)
      continue
    }
    seen.add(key)
    const others = elsewhere.get(key)?.filter((name) => name !== own) ?? []
    if (others.length > 0) sorted.elsewhere.push({ text, intents: others })
    else sorted.fresh.push(text)
  }
  return sorted
}

/** How many lines are in each language, in the order of the console's languages. */
export function mix(lines: readonly TrainingLine[]): [LineLanguage, number][] {
  const chinese = lines.filter((line) => languageOf(line) === 'zh-CN').length
  const counts: [LineLanguage, number][] = [
    ['en', lines.length - chinese],
    ['zh-CN', chinese],
  ]
  return counts.filter(([, count]) => count > 0)
}
