/** Small things that every page uses: chips, dots, times, empty pages, errors, skeletons. */
import { Button, Tooltip } from 'antd'
import { Globe, MessageSquareText } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Failure } from '../api/client'
import type { CallState, Channel, Outcome, TicketStatus } from '../api/types'
import { ago, dateTime, percent, when, words } from '../lib/format'
import { useLanguage } from '../lib/hooks'
import './bits.css'

export function OutcomeChip({ outcome }: { outcome: Outcome }) {
  const { t } = useTranslation()
  return <span className={`chip chip-${outcome}`}>{t(`outcome.${outcome}`)}</span>
}

export function StateChip({ state }: { state: CallState }) {
  const { t } = useTranslation()
  return (
    <span className={`state state-${state}`}>
      <i aria-hidden />
      {t(`state.${state}`)}
    </span>
  )
}

/** A ring that fills as the work on a ticket goes on. */
export function StatusMark({ status }: { status: TicketStatus }) {
  return (
    <svg className={`mark mark-${status}`} width="14" height="14" viewBox="0 0 14 14" aria-hidden>
      <circle cx="7" cy="7" r="5.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
      {status === 'pending' && <path d="M7 3.6a3.4 3.4 0 0 1 0 6.8z" fill="currentColor" />}
      {status === 'solved' && (
        <>
          <circle cx="7" cy="7" r="6.5" fill="currentColor" />
          <path d="m4.4 7.2 1.9 1.8 3.3-3.7" fill="none" stroke="var(--surface)" strokeWidth="1.5" strokeLinecap="round" />
        </>
      )}
    </svg>
  )
}

export function StatusChip({ status }: { status: TicketStatus }) {
  const { t } = useTranslation()
  return (
    <span className="row status">
      <StatusMark status={status} />
      {t(`status.${status}`)}
    </span>
  )
}

/** A time of day; the whole date on hover. */
export function Moment({ at, now, relative = false }: { at: number; now: number; relative?: boolean }) {
  const language = useLanguage()
  return (
    <time className="num" dateTime={new Date(at).toISOString()} title={dateTime(at, language)}>
      {relative ? ago(at, language, now) : when(at, language, now)}
    </time>
  )
}

/** Who calls, or that somebody chats. */
export function Caller({ number, channel }: { number: string; channel: Channel | null }) {
  const { t } = useTranslation()
  if (channel === 'chat' && number === '') {
    return (
      <span className="row chat-caller">
        <MessageSquareText size={14} aria-hidden />
        {t('call.chat')}
      </span>
    )
  }
  if (channel === 'web' && number === '') {
    return (
      <span className="row chat-caller">
        <Globe size={14} aria-hidden />
        {t('call.web')}
      </span>
    )
  }
  return number === '' ? <span className="muted">{t('call.withheld')}</span> : <span className="num">{number}</span>
}

export function Intent({ name, confidence }: { name: string; confidence?: number }) {
  const language = useLanguage()
  return (
    <span className="intent">
      <span className="clip" title={name}>
        {words(name)}
      </span>
      {confidence !== undefined && (
        <>
          <span className="meter" aria-hidden>
            <i style={{ width: `${Math.round(confidence * 100)}%` }} />
          </span>
          <span className="num muted">{percent(confidence, language)}</span>
        </>
      )}
    </span>
  )
}

export function Face({ name }: { name: string }) {
  const letters = name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0))
    .join('')
  return (
    <Tooltip title={name}>
      <span className="face" role="img" aria-label={name}>
        {letters.toUpperCase()}
      </span>
    </Tooltip>
  )
}

/** An empty page teaches: what this is for, and what begins it. */
export function Empty({ icon, title, children }: { icon: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <span className="empty-icon" aria-hidden>
        {icon}
      </span>
      <h2>{title}</h2>
      <div className="empty-text">{children}</div>
    </div>
  )
}

// eslint-disable-next-line react-refresh/only-export-components -- the words of ErrorNote, also for short messages
export function useReason(): (error: unknown) => string {
  const { t } = useTranslation()
  return (error) => {
    if (!(error instanceof Failure)) return t('error.unknown')
    if (error.code === 'offline') return t('error.offline')
    if (error.status === 404) return error.message || t('error.not_found')
    if (error.status === 401) return t('error.signed_out')
    return error.message || t('error.status', { status: error.status })
  }
}

export function ErrorNote({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useTranslation()
  const reason = useReason()
  return (
    <div className="error-note" role="alert">
      <div className="spread">
        <strong>{t('error.title')}</strong>
        <p>{reason(error)}</p>
      </div>
      {again && (
        <Button size="small" onClick={again}>
          {t('error.again')}
        </Button>
      )}
    </div>
  )
}

/** Grey bars where text will stand. */
export function Bones({ rows = 4, height = 14 }: { rows?: number; height?: number }) {
  const { t } = useTranslation()
  return (
    <div className="bones" role="status" aria-label={t('app.loading')}>
      {Array.from({ length: rows }, (_, index) => (
        <i key={index} style={{ height, width: `${92 - ((index * 29) % 46)}%` }} />
      ))}
    </div>
  )
}

export function TicketLink({ id, number }: { id: string; number?: number }) {
  const { t } = useTranslation()
  return (
    <Link className="num above ticket-link" to={`/tickets/${id}`} title={t('ticket.open')}>
      {number === undefined ? t('ticket.one') : `#${number}`}
    </Link>
  )
}
