/** After a call: what the ticket lacks is asked for, and nothing else. What is written here is kept until it has arrived. */
import { useQuery } from '@tanstack/react-query'
import { AutoComplete, Button, Input, Segmented, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ticket as ticketQuery, intents as intentsQuery } from '../../api/queries'
import type { TicketStatus } from '../../api/types'
import { useCall } from '../../call/useCall'
import { Intent, TicketLink } from '../../components/Bits'
import { clock, words as asWords } from '../../lib/format'
import { useNow } from '../../lib/hooks'
import { useParty } from '../../phone/view/useParty'
import { dispositions as dispositionsOf, usePresence, wrapUp as endWrapUp } from '../presence'
import { storyOf } from '../story'
import { finish, useNotes, type WrapUp } from '../wrapUps'

const outcomes: readonly TicketStatus[] = ['solved', 'pending', 'open']

/** How long until the next caller may come. */
function Left({ until }: { until: number }) {
  const { t } = useTranslation()
  const now = useNow(1_000)
  return <span className="muted num">{t('desk.wrap_up_left', { time: clock(until - now) })}</span>
}

export function WrapUpForm({ wrapUp, later }: { wrapUp: WrapUp; later: () => void }) {
  const { t } = useTranslation()
  const { who } = useParty(wrapUp)
  const { call } = useCall(wrapUp.call)
  const ticketId = call?.ticket?.id
  const ticket = useQuery({ ...ticketQuery(ticketId ?? ''), enabled: ticketId !== undefined }).data
  const { presence } = usePresence()
  const [notes, setNotes] = useNotes(wrapUp.call)
  const [reason, setReason] = useState('')
  const [status, setStatus] = useState<TicketStatus>('solved')
  const [disposition, setDisposition] = useState<string>()
  const intent = call && storyOf(call.entries).intent
  const queue = wrapUp.queue ?? (call && storyOf(call.entries).queue)
  const offered = useQuery({
    queryKey: ['dispositions', queue],
    queryFn: () => dispositionsOf(queue ?? ''),
    enabled: queue !== undefined && presence !== undefined,
    retry: false,
  }).data
  const known = useQuery({ ...intentsQuery, enabled: intent === undefined, retry: false }).data
  const inWrapUp = presence?.state === 'wrap_up' && presence.call === wrapUp.call

  const done = () => {
    finish(wrapUp.call, { status, reason: reason.trim() })
    if (inWrapUp || disposition !== undefined) endWrapUp(disposition, true).catch(() => undefined)
  }

  return (
    <section className="panel wrap-up" aria-label={t('desk.wrap_up')}>
      <header className="row">
        <h1 className="spread">{t('desk.wrap_up_with', { from: who })}</h1>
        {inWrapUp && presence.until !== undefined && <Left until={presence.until} />}
      </header>
      {ticketId === undefined ? (
        <p className="muted">{t('desk.wrap_up_no_ticket')}</p>
      ) : (
        <div className="wrap-up-ticket">
          <p className="row">
            <span className="muted">{t('desk.wrap_up_ticket')}</span>
            <TicketLink id={ticketId} number={call?.ticket?.number} />
            {ticket && <strong className="clip">{ticket.subject}</strong>}
          </p>
          {ticket && ticket.body !== '' && <p className="ticket-body soft">{ticket.body}</p>}
        </div>
      )}
      <label className="field">
        <span>{t('desk.wrap_up_summary')}</span>
        <Input.TextArea
          autoFocus
          value={notes}
          autoSize={{ minRows: 3, maxRows: 10 }}
          placeholder={t('desk.notes_placeholder')}
          onChange={(event) => setNotes(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) done()
          }}
        />
        <span className="muted">{t('desk.wrap_up_summary_help')}</span>
      </label>
      <div className="wrap-up-fields">
        <div className="field">
          <span id="wrap-up-reason">{t('desk.wrap_up_reason')}</span>
          {intent ? (
            <Intent name={intent.name} />
          ) : (
            <AutoComplete<string, { value: string }>
              value={reason}
              aria-labelledby="wrap-up-reason"
              placeholder={t('desk.wrap_up_reason_placeholder')}
              options={known?.intents.map(({ name }) => ({ value: asWords(name) }))}
              showSearch={{ filterOption: (typed, option) => option?.value.toLowerCase().includes(typed.toLowerCase()) ?? false }}
              onChange={setReason}
            />
          )}
        </div>
        {offered && offered.length > 0 && (
          <div className="field">
            <span id="wrap-up-disposition">{t('desk.wrap_up_disposition')}</span>
            <Select<string>
              allowClear
              value={disposition}
              aria-labelledby="wrap-up-disposition"
              options={offered.map(({ id, title }) => ({ value: id, label: title }))}
              onChange={setDisposition}
            />
          </div>
        )}
        <div className="field">
          <span id="wrap-up-outcome">{t('desk.wrap_up_outcome')}</span>
          <Segmented<TicketStatus> value={status} aria-labelledby="wrap-up-outcome" options={outcomes.map((value) => ({ value, label: t(`desk.outcome_${value}`) }))} onChange={setStatus} />
        </div>
      </div>
      <footer className="row">
        <span className="muted spread">{t('desk.notes_saved')}</span>
        <Button onClick={later}>{t('desk.wrap_up_later')}</Button>
        <Button type="primary" onClick={done}>
          {t('desk.wrap_up_done')}
        </Button>
      </footer>
    </section>
  )
}
