/** Checks what arrives on the live stream before anything else sees it: a frame is well-formed or it is nothing. */
import type { Entry } from './types'

export type Frame =
  | { type: 'hello'; cursor: number }
  | { type: 'entry'; cursor: number | null; call: string; entry: Entry }
  | { type: 'lagged'; cursor: number }

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

export function readFrame(text: string): Frame | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const { type, cursor, call, entry } = value
  if ((type === 'hello' || type === 'lagged') && typeof cursor === 'number') return { type, cursor }
  if (type !== 'entry' || typeof call !== 'string' || !isObject(entry)) return undefined
  if (typeof entry.kind !== 'string' || typeof entry.seq !== 'number' || typeof entry.at !== 'number') return undefined
  return { type, call, cursor: typeof cursor === 'number' ? cursor : null, entry: entry as Entry }
}
