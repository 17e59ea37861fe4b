/** Calls as dense rows: the same on Live and in the list; on a phone each row becomes two lines. */
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import type { CallSummary } from '../api/types'
import { callerName } from '../call/project'
import { clock, ms } from '../lib/format'
import { useLanguage } from '../lib/hooks'
import { Caller, Intent, Moment, OutcomeChip, StateChip, TicketLink } from './Bits'
import './rows.css'

export function CallHead() {
  const { t } = useTranslation()
  return (
    <div className="call-row row-head" aria-hidden>
      <span>{t('call.started')}</span>
      <span>{t('call.caller')}</span>
      <span>{t('call.intent')}</span>
      <span>{t('call.outcome')}</span>
      <span>{t('call.agent')}</span>
      <span className="right">{t('call.turns')}</span>
      <span className="right" title={t('latency.wire_help')}>
        {t('call.reply')}
      </span>
      <span className="right">{t('call.duration')}</span>
      <span className="right">{t('call.ticket')}</span>
    </div>
  )
}

export function CallRow({ call, now }: { call: CallSummary; now: number }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const duration = call.duration_ms ?? now - call.started_at
  return (
    <div className="call-row list-row">
      <Link className="cover" to={`/calls/${call.id}`} data-row aria-label={t('call.open', { from: callerName(call, t) })} />
      <span className="muted c-time">
        <Moment at={call.started_at} now={now} />
      </span>
      <span className="c-from strong clip">
        <Caller number={call.from} channel={call.channel} />
      </span>
      <span className="c-intent clip">{call.intent ? <Intent name={call.intent} /> : <span className="muted">{t('call.no_intent')}</span>}</span>
      <span className="c-outcome">{call.outcome ? <OutcomeChip outcome={call.outcome} /> : <StateChip state={call.state} />}</span>
      <span className="c-agent num soft clip">{call.agent ?? ''}</span>
      <span className="c-turns num right soft">{call.turns}</span>
      <span className="c-wire num right soft">{call.wire_p50_ms != null ? ms(call.wire_p50_ms, language) : ''}</span>
      <span className="c-duration num right soft">{clock(duration)}</span>
      <span className="c-ticket right">{call.ticket ? <TicketLink id={call.ticket.id} number={call.ticket.number} /> : ''}</span>
    </div>
  )
}
