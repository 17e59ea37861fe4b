/** One ticket with its call inside: whose it is, where it stands, what was noted. What is typed outlives every error. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { App, Button, Input, Select } from 'antd'
import { ChevronLeft, SquareArrowOutUpRight } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router-dom'
import { http, take } from '../api/client'
import { me as meQuery, queries, ticket as ticketQuery, users as usersQuery } from '../api/queries'
import type { TicketDetail, TicketStatus } from '../api/types'
import { CallView } from '../call/view/CallView'
import { useCall } from '../call/useCall'
import { Bones, Caller, ErrorNote, Face, Moment, OutcomeChip, StatusChip, useReason } from '../components/Bits'
import { useDraft, useNow, useTitle } from '../lib/hooks'
import './callpage.css'
import './ticket.css'

interface Change {
  status?: TicketStatus
  assignee?: string | null
}

/** Shows the change at once; takes it back, and says why, when the service refuses. */
function useChange(id: string) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reason = useReason()
  const people = useQuery(usersQuery)
  const key = ticketQuery(id).queryKey
  return useMutation({
    mutationFn: (change: Change) => take(http.PATCH('/api/v1/tickets/{id}', { params: { path: { id } }, body: change })),
    onMutate: async (change) => {
      await queries.cancelQueries({ queryKey: key })
      const before = queries.getQueryData(key)
      if (before) {
        const after: TicketDetail = { ...before, status: change.status ?? before.status }
        if (change.assignee !== undefined) after.assignee = people.data?.find((person) => person.id === change.assignee) ?? null
        queries.setQueryData(key, after)
      }
      return { before }
    },
    onError: (error, _change, context) => {
      queries.setQueryData(key, context?.before)
      void message.error(t('ticket.not_changed', { reason: reason(error) }))
    },
    onSuccess: (ticket) => {
      queries.setQueryData(key, ticket)
      void queries.invalidateQueries({ queryKey: ['tickets'] })
    },
  })
}

function Notes({ ticket, now }: { ticket: TicketDetail; now: number }) {
  const { t } = useTranslation()
  const [text, setText] = useDraft(`ticket.${ticket.id}`)
  const note = useMutation({
    mutationFn: (written: string) =>
      take(http.POST('/api/v1/tickets/{id}/notes', { params: { path: { id: ticket.id } }, body: { text: written } })),
    onSuccess: (saved) => {
      queries.setQueryData(ticketQuery(ticket.id).queryKey, saved)
      void queries.invalidateQueries({ queryKey: ['tickets'] })
      setText('')
    },
  })
  const send = () => {
    if (text.trim() !== '' && !note.isPending) note.mutate(text.trim())
  }
  return (
    <section className="panel notes">
      <h2>{t('ticket.notes')}</h2>
      {ticket.notes.length > 0 && (
        <ol>
          {ticket.notes.map(({ at, by, text: written }) => (
            <li key={`${at} ${by.id}`}>
              <Face name={by.name} />
              <div className="spread">
                <p className="row">
                  <strong className="clip">{by.name}</strong>
                  <span className="muted">
                    <Moment at={at} now={now} relative />
                  </span>
                </p>
                <p className="note-text">{written}</p>
              </div>
            </li>
          ))}
        </ol>
      )}
      <Input.TextArea
        value={text}
        autoSize={{ minRows: 2, maxRows: 10 }}
        placeholder={t('ticket.note_placeholder')}
        aria-label={t('ticket.note')}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send()
        }}
      />
      {note.error && <ErrorNote error={note.error} again={send} />}
      <div className="row notes-foot">
        <span className="muted spread">{t(text === '' ? 'ticket.note_keys' : 'ticket.draft')}</span>
        <Button type="primary" size="small" disabled={text.trim() === ''} loading={note.isPending} onClick={send}>
          {t('ticket.add_note')}
        </Button>
      </div>
    </section>
  )
}

function Properties({ ticket, now }: { ticket: TicketDetail; now: number }) {
  const { t } = useTranslation()
  const people = useQuery(usersQuery)
  const me = useQuery(meQuery)
  const change = useChange(ticket.id)
  const assignee = ticket.assignee?.id ?? ''
  return (
    <section className="panel properties">
      <dl>
        <div>
          <dt>{t('ticket.status')}</dt>
          <dd>
            <Select<TicketStatus>
              variant="filled"
              value={ticket.status}
              aria-label={t('ticket.status')}
              onChange={(status) => change.mutate({ status })}
              // A plain label is what a screen reader reads out; the mark beside it is for the eye.
              options={(['open', 'pending', 'solved'] as const).map((value) => ({ value, label: t(`status.${value}`) }))}
              optionRender={({ value }) => <StatusChip status={value as TicketStatus} />}
              labelRender={({ value }) => <StatusChip status={value as TicketStatus} />}
            />
          </dd>
        </div>
        <div>
          <dt>{t('ticket.assignee')}</dt>
          <dd>
            <Select<string>
              variant="filled"
              showSearch={{ optionFilterProp: 'label' }}
              value={assignee}
              aria-label={t('ticket.assignee')}
              onChange={(value) => change.mutate({ assignee: value === '' ? null : value })}
              options={[
                { value: '', label: t('ticket.nobody') },
                ...(people.data ?? (ticket.assignee ? [ticket.assignee] : [])).map(({ id, name }) => ({ value: id, label: name })),
              ]}
            />
            {me.data && assignee !== me.data.id && (
              <button type="button" className="link take" onClick={() => change.mutate({ assignee: me.data.id })}>
                {t('ticket.take')}
              </button>
            )}
          </dd>
        </div>
        <div>
          <dt>{t('call.caller')}</dt>
          <dd>
            <Caller number={ticket.from} channel={ticket.channel} />
          </dd>
        </div>
        <div>
          <dt>{t('call.outcome')}</dt>
          <dd>{ticket.outcome ? <OutcomeChip outcome={ticket.outcome} /> : '—'}</dd>
        </div>
        <div>
          <dt>{t('ticket.tags')}</dt>
          <dd className="row tags">
            {ticket.tags.length === 0
              ? '—'
              : ticket.tags.map((tag) => (
                  <span key={tag} className="chip">
                    {tag}
                  </span>
                ))}
          </dd>
        </div>
        <div>
          <dt>{t('ticket.opened')}</dt>
          <dd>
            <Moment at={ticket.opened_at} now={now} />
          </dd>
        </div>
      </dl>
    </section>
  )
}

/** One change in words: the status it was given, or the person. */
function useChanged(): (change: TicketDetail['history'][number]) => string {
  const { t } = useTranslation()
  return (change) => {
    switch (change.what) {
      case 'status':
        return t(`change.${change.status}`)
      case 'assigned':
        return t('change.assigned', { name: change.assignee.name })
      case 'unassigned':
        return t('change.unassigned')
    }
  }
}

function History({ ticket, now }: { ticket: TicketDetail; now: number }) {
  const { t } = useTranslation()
  const changed = useChanged()
  if (ticket.history.length === 0) return null
  return (
    <section className="panel notes history">
      <h2>{t('ticket.history')}</h2>
      <ol>
        {ticket.history.map((change) => (
          <li key={`${change.at} ${change.what}`}>
            <span className="spread">
              {changed(change)}
              <span className="muted">{` · ${change.by.name}`}</span>
            </span>
            <span className="muted">
              <Moment at={change.at} now={now} relative />
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function InsideCall({ id }: { id: string }) {
  const { t } = useTranslation()
  const { call, error, refetch } = useCall(id)
  return (
    <section>
      <h2 className="inside-title">
        {t('ticket.the_call')}
        <Link to={`/calls/${id}`} title={t('ticket.open_call')} aria-label={t('ticket.open_call')}>
          <SquareArrowOutUpRight size={14} aria-hidden />
        </Link>
      </h2>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {call ? (
        <CallView key={id} call={call} stacked />
      ) : (
        !error && (
          <div className="panel">
            <Bones rows={6} />
          </div>
        )
      )}
    </section>
  )
}

export default function Ticket() {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const now = useNow(30_000)
  const { data: ticket, error, refetch } = useQuery(ticketQuery(id))
  useTitle(ticket && `#${ticket.number} ${ticket.subject}`)
  return (
    <>
      <nav className="crumb">
        <Link to="/tickets">
          <ChevronLeft size={15} aria-hidden />
          {t('nav.tickets')}
        </Link>
      </nav>
      {error && !ticket && <ErrorNote error={error} again={() => void refetch()} />}
      {!ticket && !error && (
        <div className="panel">
          <Bones rows={8} />
        </div>
      )}
      {ticket && (
        <div className="ticket">
          <div className="ticket-main">
            <h1>
              <span className="muted num">{`#${ticket.number} `}</span>
              {ticket.subject}
            </h1>
            {ticket.body !== '' && <p className="ticket-body">{ticket.body}</p>}
            <InsideCall id={ticket.call.id} />
          </div>
          <aside className="ticket-side">
            <Properties ticket={ticket} now={now} />
            <Notes key={ticket.id} ticket={ticket} now={now} />
            <History ticket={ticket} now={now} />
          </aside>
        </div>
      )}
    </>
  )
}
