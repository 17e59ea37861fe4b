/** What is still to do: tickets by words, status and assignee, all of it in the address. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Button, Input, Segmented, Select, type InputRef } from 'antd'
import { Search, Ticket as TicketIcon } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router-dom'
import { tickets as ticketsQuery, users as usersQuery, type TicketFilter } from '../api/queries'
import type { TicketStatus, TicketSummary } from '../api/types'
import { Bones, Caller, Empty, ErrorNote, Face, Moment, OutcomeChip, StatusMark } from '../components/Bits'
import { Rows } from '../components/Rows'
import { Head } from '../components/Shell'
import { useRowKeys } from '../components/useRowKeys'
import { useNarrow, useNow, useTitle } from '../lib/hooks'
import '../components/rows.css'
import './tickets.css'

const statuses: readonly TicketStatus[] = ['open', 'pending', 'solved']
const isStatus = (text: string | null): text is TicketStatus => statuses.includes(text as TicketStatus)
const TYPING_PAUSE_MS = 250

function Row({ ticket, now }: { ticket: TicketSummary; now: number }) {
  const { t } = useTranslation()
  return (
    <div className="ticket-row list-row">
      <Link
        className="cover"
        data-row
        to={`/tickets/${ticket.id}`}
        aria-label={t('ticket.row', { number: ticket.number, subject: ticket.subject, status: t(`status.${ticket.status}`) })}
      />
      <span className="t-mark" title={t(`status.${ticket.status}`)}>
        <StatusMark status={ticket.status} />
      </span>
      <span className="t-number num muted">{`#${ticket.number}`}</span>
      <span className="t-subject strong clip">{ticket.subject}</span>
      <span className="t-tags">
        {ticket.tags.slice(0, 3).map((tag) => (
          <span key={tag} className="chip">
            {tag}
          </span>
        ))}
      </span>
      <span className="t-from soft clip">
        <Caller number={ticket.from} channel={ticket.channel} />
      </span>
      <span className="t-outcome">{ticket.outcome && <OutcomeChip outcome={ticket.outcome} />}</span>
      <span className="t-time muted right">
        <Moment at={ticket.changed_at} now={now} relative />
      </span>
      <span className="t-face above">{ticket.assignee ? <Face name={ticket.assignee.name} /> : <span className="face face-none" title={t('ticket.nobody')} />}</span>
    </div>
  )
}

export default function Tickets() {
  const { t } = useTranslation()
  useTitle(t('nav.tickets'))
  const now = useNow(30_000)
  const narrow = useNarrow()
  const [params, setParams] = useSearchParams()
  const search = useRef<InputRef>(null)
  useRowKeys({ '/': () => search.current?.focus({ cursor: 'all' }) })
  const q = params.get('q') ?? ''
  const [typed, setTyped] = useState(q)
  const status = params.get('status')
  const assignee = params.get('assignee')
  const filter = useMemo<TicketFilter>(
    () => ({
      q: q || undefined,
      status: isStatus(status) ? status : undefined,
      assignee: assignee ?? undefined,
    }),
    [q, status, assignee],
  )
  const people = useQuery(usersQuery)
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(ticketsQuery(filter))
  const rows = useMemo(() => data?.pages.flatMap((page) => page.tickets) ?? [], [data])
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [isFetchingNextPage, fetchNextPage])

  const set = useCallback(
    (name: string, value: string) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before)
          if (value === '') after.delete(name)
          else after.set(name, value)
          return after
        },
        { replace: true },
      ),
    [setParams],
  )
  useEffect(() => {
    if (typed.trim() === q) return
    const pause = setTimeout(() => set('q', typed.trim()), TYPING_PAUSE_MS)
    return () => clearTimeout(pause)
  }, [typed, q, set])
  const filtered = Object.values(filter).some((value) => value !== undefined)

  return (
    <>
      <Head title={t('nav.tickets')} />
      <div className="filters">
        <Input
          ref={search}
          allowClear
          className="filter-search"
          prefix={<Search size={15} />}
          placeholder={t('tickets.search')}
          aria-label={t('tickets.search')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Segmented<TicketStatus | ''>
          aria-label={t('ticket.status')}
          value={filter.status ?? ''}
          onChange={(value) => set('status', value)}
          options={[{ value: '', label: t('tickets.any') }, ...statuses.map((value) => ({ value, label: t(`status.${value}`) }))]}
        />
        <Select
          className="filter-assignee"
          aria-label={t('ticket.assignee')}
          value={filter.assignee ?? ''}
          onChange={(value) => set('assignee', value)}
          popupMatchSelectWidth={false}
          options={[
            { value: '', label: t('tickets.anybody') },
            { value: 'me', label: t('tickets.me') },
            { value: 'none', label: t('ticket.nobody') },
            ...(people.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
      </div>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      <div className="panel list tickets">
        {isPending && <Bones rows={10} />}
        {data && rows.length === 0 && (
          <Empty icon={<TicketIcon size={20} />} title={t(filtered ? 'tickets.none_such' : 'tickets.empty')}>
            {filtered ? (
              <Button
                onClick={() => {
                  setTyped('')
                  setParams({})
                }}
              >
                {t('tickets.clear')}
              </Button>
            ) : (
              t('tickets.empty_help')
            )}
          </Empty>
        )}
        {rows.length > 0 && (
          <Rows
            items={rows}
            height={narrow ? 61 : 43}
            keyOf={(ticket) => ticket.id}
            row={(ticket) => <Row ticket={ticket} now={now} />}
            hasMore={hasNextPage}
            loadMore={more}
          />
        )}
      </div>
    </>
  )
}
