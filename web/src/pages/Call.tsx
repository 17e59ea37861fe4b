/** One call: what happened, in words, in sound and in numbers. */
import { ChevronLeft } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router-dom'
import { CallView } from '../call/view/CallView'
import { callerName } from '../call/project'
import { useCall, type CallNow } from '../call/useCall'
import { Bones, Caller, ErrorNote, Intent, Moment, OutcomeChip, StateChip, TicketLink } from '../components/Bits'
import { flowId } from '../flow/name'
import { clock, ms } from '../lib/format'
import { useLanguage, useNow, useTitle } from '../lib/hooks'
import './callpage.css'

function Facts({ call }: { call: CallNow }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const now = useNow(1_000)
  const running = call.state !== 'ended'
  const duration = running ? now - call.started_at : (call.duration_ms ?? 0)
  const facts = [
    ['call.intent', call.intent ? <Intent key="i" name={call.intent} /> : '—'],
    ['call.agent', call.agent ? <span className="num">{call.agent}</span> : '—'],
    ['call.ticket', call.ticket ? <TicketLink key="t" id={call.ticket.id} number={call.ticket.number} /> : '—'],
    ['call.flow', <Link key="f" to={`/flows/${encodeURIComponent(flowId(call.flow))}?call=${call.id}`}>{call.flow}</Link>],
    [call.channel === 'chat' || call.channel === 'web' ? 'call.page' : 'call.dialled', <span key="d" className="num">{call.to}</span>],
    ['call.started', <Moment key="s" at={call.started_at} now={now} />],
    ['call.duration', <span key="l" className="num">{clock(duration)}</span>],
    ['call.reply', call.latency.p50 === undefined ? '—' : <span key="r" className="num">{ms(call.latency.p50, language)}</span>],
  ] as const
  // Of what is written nobody waits for the first sound.
  const shown = call.channel === 'chat' ? facts.filter(([name]) => name !== 'call.reply') : facts
  return (
    <dl className="facts">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{t(name)}</dt>
          <dd className="clip">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export default function Call() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const { call, error, refetch } = useCall(id)
  useTitle(call && t('call.title', { from: callerName(call, t) }))
  return (
    <>
      <nav className="crumb">
        <Link to="/calls">
          <ChevronLeft size={15} aria-hidden />
          {t('nav.calls')}
        </Link>
      </nav>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!call && !error && (
        <div className="panel">
          <Bones rows={8} />
        </div>
      )}
      {call && (
        <>
          <div className="call-title">
            <h1>
              <Caller number={call.from} channel={call.channel} />
            </h1>
            {call.outcome ? <OutcomeChip outcome={call.outcome} /> : <StateChip state={call.state} />}
          </div>
          <Facts call={call} />
          <CallView key={id} call={call} />
        </>
      )}
    </>
  )
}
