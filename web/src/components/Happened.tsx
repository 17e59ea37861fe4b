/** One journal entry in a sentence: the same words on the live card, in the transcript and in the journal. */
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { Entry } from '../api/types'
import { inOneLine, told } from '../call/problem'
import type { Language } from '../i18n'
import { clock, ms, percent, words } from '../lib/format'
import { useLanguage } from '../lib/hooks'

/** A word from a closed set of the journal, in the reader's language; others as they are. */
const named = (t: TFunction, group: string, name: string): string => t(`${group}.${name}`, { defaultValue: words(name) })

// eslint-disable-next-line react-refresh/only-export-components -- the sentence itself, for titles and search
export function sentence(entry: Entry, t: TFunction, language: Language): string {
  const say = (values: Record<string, unknown> = {}, suffix = '') => t(`happened.${entry.kind}${suffix}`, values)
  /** Somebody outside has no extension. */
  const of = (agent: string) => (agent === 'outside' ? '_outside' : '')
  switch (entry.kind) {
    case 'offered':
      if (entry.channel === 'extension') return say({ from: entry.from }, '_extension')
      if (entry.channel === 'chat') return say({ to: entry.to || '—', flow: entry.flow }, '_chat')
      return say({ from: entry.from || t('call.withheld'), to: entry.to, flow: entry.flow })
    case 'dialled':
      return say({ to: entry.to })
    case 'answered':
      return say({ codec: entry.codec }, entry.codec === 'text' ? '_chat' : '')
    case 'entered':
      return say({ block: words(entry.block), kind: named(t, 'block', entry.block_kind) })
    case 'left':
      return say({ block: words(entry.block), edge: entry.edge, to: words(entry.to) })
    case 'said':
      return say({ text: entry.text, played: clock(entry.played_ms), of: clock(entry.of_ms) }, entry.completed ? '' : '_cut')
    case 'heard':
      return say({
        speaker: t(`voice.${entry.speaker}`),
        text: entry.text,
        confidence: percent(entry.confidence, language),
      })
    case 'not_heard':
      return say({ reason: named(t, 'reason', entry.reason) })
    case 'partial':
      return entry.text
    case 'key':
      return say({ digit: entry.digit })
    case 'understood': {
      const [best, second] = entry.ranking
      return say(
        {
          intent: best ? words(best.intent) : '—',
          confidence: best ? percent(best.confidence, language) : '—',
          second: second ? words(second.intent) : '—',
        },
        `_${entry.decision}`,
      )
    }
    case 'slot':
      return say({ name: words(entry.name), value: entry.value })
    case 'language':
      return say({ language: named(t, 'spoken', entry.language) }, `_${entry.by}${entry.remembered ? '_kept' : ''}`)
    case 'no_input':
    case 'no_match':
      return say({ count: entry.count })
    case 'fetched':
      return entry.error
        ? say({ error: entry.error, took: ms(entry.took_ms, language) }, '_failed')
        : say({ status: entry.status ?? '—', took: ms(entry.took_ms, language) })
    case 'consulted':
      return say({ question: entry.question }, `_${entry.answer}`)
    case 'replied':
      return say({ wire: ms(entry.latency.wire_ms, language), turn: entry.turn })
    case 'queued':
      return say({ queue: words(entry.queue), brief: entry.brief })
    case 'assigned':
      return say({ agent: entry.agent, queue: words(entry.why.queue), excluded: entry.why.excluded.length })
    case 'announced':
      return say(
        { place: entry.place ?? '—', wait: clock((entry.wait_s ?? 0) * 1000) },
        entry.wait_s == null ? '' : '_wait',
      )
    case 'overflowed':
      return entry.to ? say({ from: words(entry.from), to: words(entry.to) }) : say({ levels: entry.relaxed ?? 0 }, '_relaxed')
    case 'wrapped_up':
      return say(
        { agent: entry.agent, disposition: words(entry.disposition ?? ''), took: clock(entry.took_ms) },
        entry.disposition ? '_as' : '',
      )
    case 'connecting':
      return say({ to: entry.to })
    case 'callback_arranged':
      return say({ number: entry.number })
    case 'rated':
      return say({ name: words(entry.name), score: entry.score, scale: entry.scale })
    case 'tagged':
      return say({ tags: entry.tags.join(', ') })
    case 'recording':
      return say({}, entry.on ? '_on' : '_off')
    case 'looked_up':
      return say({ about: words(entry.block) })
    case 'ringing':
      return say({ agent: entry.agent }, of(entry.agent))
    case 'missed':
      return say({ agent: entry.agent, reason: named(t, 'reason', entry.reason) }, of(entry.agent))
    case 'bridged':
      return say({ agent: entry.agent, waited: clock(entry.waited_ms) }, of(entry.agent))
    case 'unbridged':
      return say({ agent: entry.agent, by: t(`party.${entry.by}`), talked: clock(entry.talked_ms) }, of(entry.agent))
    case 'held':
    case 'resumed':
      return say({ agent: entry.agent })
    case 'joined':
    case 'parted':
      return say({ agent: entry.agent }, of(entry.agent))
    case 'supervised':
      return say({ by: entry.by }, `_${entry.how}`)
    case 'redirected':
      return say({ from: entry.from, to: entry.to || '—' })
    case 'continues':
      return say({ call: entry.call })
    case 'transferred':
      return say({ from: entry.from, to: entry.to }, `_${entry.how}`)
    case 'transfer_failed':
      return say(
        { from: entry.from, to: entry.to || '—', reason: named(t, 'reason', entry.reason) },
        entry.from === 'flow' ? '_flow' : '',
      )
    case 'parked':
      return say({ by: entry.by, slot: entry.slot })
    case 'retrieved':
      return say({ by: entry.by })
    case 'unqueued':
      return say({ queue: words(entry.queue), reason: named(t, 'reason', entry.reason) })
    case 'ticket_opened':
      return say({ subject: entry.subject })
    case 'ticket_changed':
      return say({ status: entry.status ? t(`status.${entry.status}`) : '' }, entry.status ? '_status' : '')
    case 'noted':
      return say({ text: entry.text })
    case 'problem':
      return say({ what: named(t, 'what', entry.what), message: inOneLine(told(t, entry.what, entry.message)) })
    case 'hung_up':
      return say({ by: t(`party.${entry.by}`), cause: named(t, 'cause', entry.cause) }, entry.cause === 'normal' ? '' : '_because')
    case 'ended':
      return say({ outcome: t(`outcome.${entry.outcome}`), duration: clock(entry.duration_ms) })
    default:
      // A newer service may write kinds that this console does not know yet.
      return words((entry as { kind: string }).kind)
  }
}

export function Happened({ entry }: { entry: Entry }) {
  const { t } = useTranslation()
  const language = useLanguage()
  return <>{sentence(entry, t, language)}</>
}
