/** A tried call as a conversation: what was said and pressed, and under each turn what was understood and the way it went. */
import { PhoneOff } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Intent } from '../../../components/Bits'
import { percent, words } from '../../../lib/format'
import { useLanguage } from '../../../lib/hooks'
import { useEdit } from '../context'
import type { Meaning, Note, Turn } from '../trial/call'
import { languageNames } from '../words'

/** Likelier intents that are shown beside the first. */
const OTHERS = 2

function Understood({ meaning }: { meaning: Meaning }) {
  const { t } = useTranslation()
  const { decision, between = [], ranking } = meaning
  const [best, ...others] = ranking
  return (
    <>
      {decision === 'reject' && <span className="chip">{t('decision.rejected')}</span>}
      {decision === 'disambiguate' && <span>{t('trial.not_sure', { between: between.map(words).join(' / ') })}</span>}
      {best && <Intent name={best.intent} confidence={best.confidence} />}
      {others.slice(0, OTHERS).map(({ intent, confidence }) => (
        <span key={intent} className="muted try-other">
          <Intent name={intent} confidence={confidence} />
        </span>
      ))}
    </>
  )
}

function NoteWords({ note }: { note: Exclude<Note, { kind: 'said' }> }) {
  const { t } = useTranslation()
  const language = useLanguage()
  switch (note.kind) {
    case 'understood':
      return <Understood meaning={note.meaning} />
    case 'chosen':
      return t('trial.chosen', { option: words(note.option), confidence: percent(note.confidence, language) })
    case 'command':
      return t('trial.command', { command: t(`trial.commands.${note.command}`) })
    case 'slot':
      return (
        <>
          {words(note.name)} <strong>{note.value}</strong>
        </>
      )
    case 'confirming':
      return t('trial.confirming', { between: note.between.join(' / ') })
    case 'language':
      return t('trial.goes_on_in', { language: languageNames[note.language] ?? note.language })
    case 'no_input':
      return t('trial.no_input')
    case 'no_match':
      return t('trial.no_match')
    case 'request':
      return (
        <code>
          {note.method} {note.url}
        </code>
      )
    case 'reply':
      return note.status === null ? t('trial.reply_none') : t('trial.reply', { status: note.status })
    case 'question':
      return t('trial.question', { question: note.question })
    case 'answer':
      return note.article === null ? t('trial.article_none') : t('trial.article', { article: note.article })
    case 'queued':
      return t('trial.queued', { queue: note.queue })
    case 'left_queue':
      return t('trial.left_queue')
    case 'transferring':
      return t('trial.transferring', { to: note.to })
    case 'inquired':
      return note.what.about === 'queue' ? t('trial.asks_queue', { queue: note.what.queue }) : t('trial.asks_customer', { number: note.what.number })
    case 'told':
      return (
        <span className="mono">
          {Object.entries(note.known)
            .map(([name, value]) => `${name}: ${String(value)}`)
            .join(', ')}
        </span>
      )
    case 'callback':
      return t('trial.callback', { number: note.number })
    case 'recording':
      return t(note.on ? 'trial.recording_on' : 'trial.recording_off')
    case 'rated':
      return t('trial.rated', { name: note.name, score: note.score, scale: note.scale })
    case 'tagged':
      return t('trial.tagged', { tags: note.tags.join(', ') })
    case 'ticket':
      return t('trial.ticket', { subject: note.subject })
    case 'error':
      return <span className="bad">{note.message}</span>
    case 'ended':
      return t(`outcome.${note.outcome}`)
  }
}

function Caller({ act }: { act: NonNullable<Turn['caller']> }) {
  const { t } = useTranslation()
  return (
    <p className="try-words try-caller">
      <span className="sr">{t('voice.caller')}: </span>
      {act.kind === 'heard' && act.text}
      {act.kind === 'keys' && <kbd>{act.keys}</kbd>}
      {act.kind === 'silence' && <em>{t('trial.silent')}</em>}
      {act.kind === 'hung_up' && (
        <em>
          <PhoneOff size={13} aria-hidden /> {t('trial.hung_up')}
        </em>
      )}
    </p>
  )
}

function Way({ way }: { way: Turn['way'] }) {
  const { t } = useTranslation()
  const edit = useEdit()
  return (
    <div className="try-way" role="group" aria-label={t('trial.way')}>
      {way.map(({ block, edge }, index) => (
        <button key={index} type="button" title={block} onClick={() => edit.goTo(block, '')}>
          {edge !== undefined && <small>{edge} →</small>} {words(block)}
        </button>
      ))}
    </div>
  )
}

export function Turns({ turns }: { turns: readonly Turn[] }) {
  const { t } = useTranslation()
  return turns.map(({ caller, notes, way }, index) => (
    <li key={index}>
      {caller && <Caller act={caller} />}
      {way.length > 0 && <Way way={way} />}
      {notes.map((note, at) =>
        note.kind === 'said' ? (
          <p key={at} className="try-words try-bot" lang={note.language}>
            <span className="sr">{t('voice.bot')}: </span>
            {note.text}
          </p>
        ) : (
          <div key={at} className={`try-note try-${note.kind}`}>
            <NoteWords note={note} />
          </div>
        ),
      )}
    </li>
  ))
}
