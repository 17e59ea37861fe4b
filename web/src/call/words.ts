/** The words of a line with their places in the recording, and which of them sounds at a moment. Times in milliseconds. */
import type { Word } from '../api/types'

/** A part of a line's text, in order: a word that plays, or what stands between words. */
export interface Piece {
  text: string
  /** Where the word begins and ends in the recording; absent between words and where nobody knows. */
  from?: number
  to?: number
}

/** A word is played from a little before it: its first sound is soft, and its place exact to a tenth of a second. */
export const LEAD_MS = 100
/** A word stays marked for so long after its end, unless another begins. */
const LINGERS_MS = 150

/** The text with the words that the recogniser placed. */
export function placed(text: string, words: readonly Word[]): readonly Piece[] {
  const pieces: Piece[] = []
  let done = 0
  for (const word of words) {
    const at = text.indexOf(word.text, done)
    if (at < 0 || word.text === '') continue
    if (at > done) pieces.push({ text: text.slice(done, at) })
    pieces.push({ text: word.text, from: word.from_ms, to: word.to_ms })
    done = at + word.text.length
  }
  if (done < text.length) pieces.push({ text: text.slice(done) })
  return pieces
}

/** A Chinese character with the punctuation behind it, anything else between spaces. */
const WORDS = /\p{Script=Han}[^\s\p{L}\p{N}]*|[^\s\p{Script=Han}]+/gu

/** How long a word takes beside others: a Chinese character or a figure is a syllable or more, a letter a part of one. */
function weight(word: string): number {
  let sum = 0
  for (const character of word) sum += /[\p{Script=Han}\p{N}]/u.test(character) ? 3 : /\p{L}/u.test(character) ? 1 : 0
  return sum
}

/** The text with its words spread over the time in which it was spoken, for a voice that told only when it began and ended. */
export function spread(text: string, from: number | undefined, to: number | undefined): readonly Piece[] {
  const words = [...text.matchAll(WORDS)].map((match) => ({ word: match[0], weight: weight(match[0]) }))
  const all = words.reduce((sum, { weight }) => sum + weight, 0)
  if (from === undefined || to === undefined || to <= from || all === 0) return [{ text }]
  let before = 0
  const timed = words.flatMap(({ word, weight }) => {
    if (weight === 0) return []
    const begin = from + (before / all) * (to - from)
    before += weight
    return [{ text: word, from_ms: Math.round(begin), to_ms: Math.round(from + (before / all) * (to - from)) }]
  })
  return placed(text, timed)
}

/** Whether any word of it can be played by itself. */
export const hasWords = (pieces: readonly Piece[]): boolean => pieces.some((piece) => piece.from !== undefined)

/** The place of the word that sounds at a moment; -1 when none does. */
export function wordAt(pieces: readonly Piece[], ms: number): number {
  const at = pieces.findLastIndex((piece) => piece.from !== undefined && piece.from <= ms)
  const to = pieces[at]?.to
  return to !== undefined && ms < to + LINGERS_MS ? at : -1
}
