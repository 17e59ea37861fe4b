/** Why a caller waits, in plain words. */
import type { TFunction } from 'i18next'
import type { Reasons } from '../api/floor'
import type { Language } from '../i18n'
import { listed, words } from '../lib/format'

/** So many are named; of the others only the number is told. */
const NAMED = 3

/** Nearest to taking the call first. */
const ORDER = ['ringing', 'talking', 'wrap_up', 'not_answered', 'declined', 'failed', 'later_tier', 'skill', 'away', 'unreachable']

export interface Group {
  why: string
  detail?: string
  agents: readonly string[]
}

/** Those who cannot take it, by what keeps them. */
export function groups({ excluded }: Pick<Reasons, 'excluded'>): Group[] {
  const found = new Map<string, { why: string; detail?: string; agents: string[] }>()
  for (const { agent, why, detail } of excluded) {
    // Seconds until a tier is asked differ by fractions only.
    const key = why === 'later_tier' ? why : `${why}/${detail ?? ''}`
    const group = found.get(key)
    if (group) group.agents.push(agent)
    else found.set(key, { why, detail, agents: [agent] })
  }
  const rank = ({ why }: Group) => (ORDER.includes(why) ? ORDER.indexOf(why) : ORDER.length)
  return [...found.values()].sort((a, b) => rank(a) - rank(b))
}

export interface Speech {
  t: TFunction
  language: Language
  /** A name for an extension. */
  name: (extension: string) => string
}

/** `Anna, Ben and 3 others`. */
export function named(extensions: readonly string[], { t, language, name }: Speech): string {
  if (extensions.length <= NAMED + 1) return listed(extensions.map(name), language)
  const others = t('wallboard.others', { count: extensions.length - NAMED })
  return listed([...extensions.slice(0, NAMED).map(name), others], language)
}

/** Each a sentence: first what it comes to, then who is kept by what. */
export function explain(why: Reasons, offeredTo: readonly string[], speech: Speech): string[] {
  const { t } = speech
  const ringing = offeredTo.length > 0 ? offeredTo : why.chosen
  const free = why.candidates.map(({ agent }) => agent)
  const sentences: string[] = []
  if (ringing.length > 0) sentences.push(t('wallboard.why.ringing', { who: named(ringing, speech), count: ringing.length }))
  else if (why.waits !== undefined && why.waits !== 'ringing') sentences.push(t(`wallboard.why.${why.waits}`, { defaultValue: words(why.waits) }))
  if (ringing.length === 0 && free.length > 0 && why.waits !== 'nobody_free')
    sentences.push(t('wallboard.why.could', { who: named(free, speech), count: free.length }))
  for (const { why: reason, detail, agents } of groups(why)) {
    // Whose phone rings for this very call was told already.
    const who = reason === 'ringing' ? agents.filter((agent) => !ringing.includes(agent)) : agents
    if (who.length === 0) continue
    const key = `wallboard.kept.${reason}${detail === undefined || detail === '' ? '' : '_detail'}`
    const values = {
      who: named(who, speech),
      count: who.length,
      detail: detail === undefined ? '' : reason === 'away' ? t(`wallboard.reason.${detail}`, { defaultValue: words(detail) }) : words(detail),
    }
    sentences.push(t(key, { ...values, defaultValue: t(`wallboard.kept.${reason}`, { ...values, defaultValue: words(reason) }) }))
  }
  return sentences
}
