/** The wallboard: how queues, callers and agents stand, as it changes; supervisors move callers and say for others whether they are there. */
import { useQuery } from '@tanstack/react-query'
import { App as AntApp, Button, Dropdown, Select } from 'antd'
import { ArrowUpToLine, Gauge, Users } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { http, take } from '../api/client'
import type { components } from '../api/schema'
import type { Me } from '../api/types'
import { Bones, Empty, useReason } from '../components/Bits'
import { Head } from '../components/Shell'
import { clock, percent, words } from '../lib/format'
import { useLanguage, useNow, useTitle } from '../lib/hooks'
import './floor.css'

type Schemas = components['schemas']
type Floor = Schemas['Floor']
type Agent = Schemas['AgentStanding']
type Waiting = Schemas['WaitingStanding']
type Queue = Schemas['QueueStanding']
type Message = Schemas['FloorMessage']

const RETRY_MS = 2_000

/** The floor, as the service pushes it; nothing until the first frame. */
function useFloor(): Floor | undefined {
  const [floor, setFloor] = useState<Floor>()
  useEffect(() => {
    let socket: WebSocket | undefined
    let retry: ReturnType<typeof setTimeout> | undefined
    const open = () => {
      const address = new URL('/api/v1/floor/live', location.href)
      address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
      socket = new WebSocket(address)
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(String(data)) as Message
        if (message.type === 'floor') setFloor(message.floor)
      }
      socket.onclose = () => (retry = setTimeout(open, RETRY_MS))
    }
    open()
    return () => {
      clearTimeout(retry)
      if (socket) socket.onclose = null
      socket?.close()
    }
  }, [])
  return floor
}

function Tile({ queue, now, skew }: { queue: Queue; now: number; skew: number }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const share = (value: number | null) => (value === null ? '—' : percent(value, language))
  const late = queue.service_level !== null && queue.service_level < queue.target
  const facts = [
    ['floor.waiting', String(queue.waiting), queue.waiting > 0 && queue.agents.free === 0],
    ['floor.longest', queue.waiting > 0 ? clock(queue.longest_wait_s * 1_000 + Math.max(0, now - skew)) : '—', false],
    ['floor.service_level', share(queue.service_level), late],
    ['floor.abandonment', share(queue.abandonment), false],
    ['floor.average_wait', queue.average_wait_s === null ? '—' : clock(queue.average_wait_s * 1_000), false],
    ['floor.offered', String(queue.offered), false],
  ] as const
  const { free, offered, talking, wrap_up, away, offline } = queue.agents
  const counts = { free, offered, talking, wrap_up, away, offline }
  return (
    <li className="panel floor-tile">
      <h2 className="clip">{queue.title}</h2>
      <dl>
        {facts.map(([name, value, warns]) => (
          <div key={name} className={warns ? 'floor-warns' : undefined}>
            <dt>{t(name, { seconds: queue.within_s })}</dt>
            <dd className="num">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="floor-agents">
        {Object.entries(counts)
          .filter(([, count]) => count > 0)
          .map(([state, count]) => (
            <span key={state} className={`floor-state floor-${state}`}>
              <i aria-hidden />
              {t(`floor.count_${state}`, { count })}
            </span>
          ))}
      </p>
    </li>
  )
}

/** Why a call waits, in one sentence and the reasons of those who cannot take it. */
function Reasons({ why }: { why: Schemas['Why'] }) {
  const { t } = useTranslation()
  const excluded = why.excluded.slice(0, 6)
  return (
    <span className="muted">
      {why.waits && t(`floor.waits_${why.waits}`)}
      {excluded.length > 0 && ' · '}
      {excluded
        .map(({ agent, why: reason, detail }) => `${agent} ${t(`floor.excluded_${reason}`)}${detail ? ` (${words(detail)})` : ''}`)
        .join(', ')}
    </span>
  )
}

function WaitingRow({ waiting, queues, now, acts }: { waiting: Waiting; queues: Queue[]; now: number; acts: boolean }) {
  const { t } = useTranslation()
  const { message } = AntApp.useApp()
  const reason = useReason()
  const change = async (body: Schemas['Reorder']) => {
    try {
      await take(http.PUT('/api/v1/floor/calls/{call}', { params: { path: { call: waiting.call } }, body }))
    } catch (error) {
      void message.error(reason(error))
    }
  }
  return (
    <li className="floor-row">
      <span className="num floor-place">{waiting.place}</span>
      <span className="floor-who">
        <Link to={`/calls/${waiting.call}`}>{t(waiting.callback ? 'floor.callback' : 'floor.call')}</Link>{' '}
        <span className="muted">{words(waiting.queue)}</span>
        <br />
        <Reasons why={waiting.why} />
      </span>
      <span className="num" title={t('floor.waited')}>
        {clock(now - waiting.since)}
      </span>
      <span className="muted num">
        {waiting.wait_s === null ? '' : t('floor.expected', { time: clock(waiting.wait_s * 1_000) })}
      </span>
      {acts && (
        <span className="floor-acts">
          <Select
            size="small"
            aria-label={t('floor.move')}
            value={waiting.queue}
            options={queues.map(({ id, title }) => ({ value: id, label: title }))}
            onChange={(queue) => void change({ queue })}
          />
          <Button
            size="small"
            icon={<ArrowUpToLine size={14} />}
            aria-label={t('floor.first')}
            title={t('floor.first')}
            onClick={() => void change({ first: true })}
          />
        </span>
      )}
    </li>
  )
}

function AgentRow({ agent, name, reasons, now, acts }: { agent: Agent; name: string; reasons: string[]; now: number; acts: boolean }) {
  const { t } = useTranslation()
  const { message } = AntApp.useApp()
  const reason = useReason()
  const state = agent.state === 'free' && !agent.reachable ? 'offline' : agent.state
  const be = async (body: Schemas['Presence']) => {
    try {
      await take(
        http.PUT('/api/v1/agents/{extension}/presence', { params: { path: { extension: agent.extension } }, body }),
      )
    } catch (error) {
      void message.error(reason(error))
    }
  }
  const items = [
    { key: '', label: t('floor.set_available') },
    ...reasons.map((reason) => ({ key: reason, label: t('floor.set_away', { reason: words(reason) }) })),
  ]
  return (
    <li className="floor-row">
      <span className={`floor-state floor-${state}`}>
        <i aria-hidden />
        {agent.reason ? words(agent.reason) : t(`floor.state_${state}`)}
      </span>
      <span className="floor-who clip">
        {name || agent.extension} <span className="muted">{agent.extension}</span>
        {agent.next.presence === 'away' && agent.state !== 'away' && (
          <span className="muted"> · {t('floor.then', { reason: words(agent.next.reason) })}</span>
        )}
      </span>
      <span className="num">{clock(now - agent.since)}</span>
      {agent.call === null ? <span /> : <Link to={`/calls/${agent.call}`}>{t('floor.open')}</Link>}
      {acts && (
        <Dropdown
          trigger={['click']}
          menu={{ items, onClick: ({ key }) => void be(key ? { presence: 'away', reason: key } : { presence: 'available' }) }}
        >
          <Button size="small">{t('floor.change')}</Button>
        </Dropdown>
      )}
    </li>
  )
}

function Board({ me }: { me: Me }) {
  const { t } = useTranslation()
  const floor = useFloor()
  const now = useNow(1_000)
  const acts = me.permissions.includes('floor.act')
  const { data: agents } = useQuery({ queryKey: ['agents'], queryFn: () => take(http.GET('/api/v1/agents')) })
  const { data: reasons } = useQuery({
    queryKey: ['presence', 'reasons'],
    queryFn: () => take(http.GET('/api/v1/presence/reasons')),
  })
  const names = new Map(agents?.map(({ extension, name }) => [extension, name]))
  return (
    <>
      <Head title={t('nav.floor')} note={floor && t('floor.note', { count: floor.waiting.length })} />
      {!floor && (
        <div className="panel">
          <Bones rows={6} />
        </div>
      )}
      {floor && (
        <>
          <ul className="floor-tiles" aria-label={t('floor.queues')}>
            {floor.queues.map((queue) => (
              <Tile key={queue.id} queue={queue} now={now} skew={floor.at} />
            ))}
          </ul>
          <section className="panel floor-list" aria-label={t('floor.callers')}>
            <h2>{t('floor.callers')}</h2>
            {floor.waiting.length === 0 && (
              <Empty icon={<Gauge size={20} />} title={t('floor.nobody_waits')}>
                {t('floor.nobody_waits_help')}
              </Empty>
            )}
            <ul>
              {floor.waiting.map((waiting) => (
                <WaitingRow key={waiting.call} waiting={waiting} queues={floor.queues} now={now} acts={acts} />
              ))}
            </ul>
          </section>
          <section className="panel floor-list" aria-label={t('floor.agents')}>
            <h2>{t('floor.agents')}</h2>
            {floor.agents.length === 0 && (
              <Empty icon={<Users size={20} />} title={t('floor.no_agents')}>
                {t('floor.no_agents_help')}
              </Empty>
            )}
            <ul>
              {floor.agents.map((agent) => (
                <AgentRow
                  key={agent.extension}
                  agent={agent}
                  name={names.get(agent.extension) ?? ''}
                  reasons={reasons ?? []}
                  now={now}
                  acts={acts}
                />
              ))}
            </ul>
          </section>
        </>
      )}
    </>
  )
}

export default function FloorPage({ me }: { me: Me }) {
  const { t } = useTranslation()
  useTitle(t('nav.floor'))
  if (me.permissions.includes('floor')) return <Board me={me} />
  return (
    <section className="panel">
      <Empty icon={<Gauge size={20} />} title={t('floor.not_yours')}>
        {t('floor.not_yours_help')}
      </Empty>
    </section>
  )
}
