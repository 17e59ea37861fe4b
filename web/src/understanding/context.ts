/** What every part of the page Understanding needs: the intents, what they are called, and whether one may change them. */
import { createContext, useContext } from 'react'
import type { Share } from '../api/types'
import type { Intents } from './useIntents'

export interface Understood {
  intents: Intents
  admin: boolean
  /** What an intent is called in the language in force; `''` and `null` are what is out of scope. */
  nameOf: (intent: string | null) => string
  /** How an intent does, when that is known: on the tests of the live version, or as the last check found. */
  accuracyOf: (intent: string) => Share | undefined
}

export const UnderstoodContext = createContext<Understood | null>(null)

export function useUnderstood(): Understood {
  const found = useContext(UnderstoodContext)
  if (!found) throw new Error('outside of the page Understanding')
  return found
}

/** The address of an intent in its editor, or of the lines that are out of scope. */
export const intentPath = (intent: string): string =>
  intent === '' ? '/understanding/intents?view=out_of_scope' : `/understanding/intents?intent=${encodeURIComponent(intent)}`
