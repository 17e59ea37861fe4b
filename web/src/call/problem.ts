/**
 * What went wrong in a call, for people. The journal tells it in English, to whoever reads logs; what the service is known to say has
 * a sentence here in each language. Pure.
 */
import type { TFunction } from 'i18next'

/** Beginnings of the service's own sentences; what they name goes into ours. `problem.test.ts` holds them against its sources. */
export const known: readonly { what: string; name: string; is: RegExp; says: string }[] = [
  { what: 'media', name: 'no_audio', is: /^no audio has come from the caller for (?<seconds>\d+) s/, says: 'no audio has come from the caller for ' },
  {
    what: 'media',
    name: 'unheard',
    is: /^the caller's telephone reports that no audio reaches it, for (?<seconds>\d+) s/,
    says: "the caller's telephone reports that no audio reaches it, for ",
  },
  { what: 'media', name: 'keys', is: /^the sound cannot be decrypted/, says: 'the sound cannot be decrypted' },
  { what: 'answer', name: 'codec', is: /^the call was refused with 488/, says: 'the call was refused with 488' },
  { what: 'recogniser', name: 'keys_only', is: /^nothing the caller says will be understood/, says: 'nothing the caller says will be understood' },
  { what: 'dial', name: 'nobody', is: /^nobody here has this number/, says: 'nobody here has this number' },
  { what: 'dial', name: 'slot', is: /^no call waits at (?<slot>\d+)/, says: 'no call waits at ' },
]

/** Problems whose every word is in our sentence: the service's own would say nothing more. */
const whole = ['media_no_audio', 'media_unheard', 'recogniser_keys_only', 'dial_nobody', 'dial_slot']
/** What of the service has a general sentence, when its words are not known. */
const general = ['media', 'recogniser', 'voice', 'flow', 'dial', 'queue', 'recording', 'storage', 'answer']

export interface Told {
  /** In the reader's language. */
  sentence: string
  /** What the service said, when that tells more; in English. */
  detail: string | null
}

/** A problem of the journal in the reader's language. */
export function told(t: TFunction, what: string, message: string): Told {
  for (const kind of known) {
    const found = kind.what === what ? kind.is.exec(message) : null
    if (found) {
      const key = `${kind.what}_${kind.name}`
      return { sentence: t(`problem.${key}`, { ...found.groups }), detail: whole.includes(key) ? null : message }
    }
  }
  if (!general.includes(what)) return { sentence: message, detail: null }
  return { sentence: t(`problem.${what}`), detail: message || null }
}

/** All of it in one line. */
export function inOneLine({ sentence, detail }: Told): string {
  return detail === null ? sentence : `${sentence} [${detail}]`
}
