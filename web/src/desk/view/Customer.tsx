/** What this caller had to do with us before: open tickets first, since these are what they may call about. */
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { caller as callerQuery } from '../../api/queries'
import type { TicketSummary } from '../../api/types'
import { Bones, ErrorNote, Moment, OutcomeChip, StatusMark } from '../../components/Bits'
import { words } from '../../lib/format'
import { useNow } from '../../lib/hooks'

function Tickets({ title, tickets, now }: { title: string; tickets: readonly TicketSummary[]; now: number }) {
  if (tickets.length === 0) return null
  return (
    <section>
      <h3>{title}</h3>
      <ul className="desk-list">
        {tickets.map((ticket) => (
          <li key={ticket.id}>
            <StatusMark status={ticket.status} />
            <Link to={`/tickets/${ticket.id}`} className="clip spread" title={ticket.subject}>
              <span className="num muted">{`#${ticket.number} `}</span>
              {ticket.subject}
            </Link>
            <span className="muted">
              <Moment at={ticket.changed_at} now={now} relative />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

export function Customer({ call }: { call: string }) {
  const { t } = useTranslation()
  const now = useNow(30_000)
  const { data, error, refetch } = useQuery(callerQuery(call))
  if (error) return <ErrorNote error={error} again={() => void refetch()} />
  if (!data) return <Bones rows={3} />
  const open = data.tickets.filter(({ status, call: of }) => status !== 'solved' && of !== call)
  const solved = data.tickets.filter(({ status }) => status === 'solved')
  if (data.calls.length === 0 && open.length === 0) return <p className="muted desk-pad">{t('desk.customer_first')}</p>
  return (
    <div className="customer">
      <Tickets title={t('desk.open_tickets')} tickets={open} now={now} />
      {data.calls.length > 0 && (
        <section>
          <h3>{t('desk.earlier')}</h3>
          <ul className="desk-list">
            {data.calls.map((each) => (
              <li key={each.id}>
                <span className="muted desk-when">
                  <Moment at={each.started_at} now={now} relative />
                </span>
                <Link to={`/calls/${each.id}`} className="clip spread">
                  {each.intent === null ? t('call.no_intent') : words(each.intent)}
                </Link>
                {each.outcome && <OutcomeChip outcome={each.outcome} />}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Tickets title={t('desk.all_tickets')} tickets={solved} now={now} />
    </div>
  )
}
