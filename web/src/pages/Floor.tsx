/** The floor: how queues, callers and agents stand as it changes, and what a supervisor does about it. On a wall it shows numbers only. */
import { useQuery } from '@tanstack/react-query'
import { Button, Input, Tag, type InputRef } from 'antd'
import { Gauge, Maximize, Minimize, UsersRound } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { agents as agentsQuery, awayReasons, type Floor, type Waiting } from '../api/floor'
import { may } from '../api/may'
import { liveCalls } from '../api/queries'
import type { CallSummary, Me } from '../api/types'
import { useRunning } from '../call/useRunning'
import { Bones, Empty, ErrorNote } from '../components/Bits'
import { Head } from '../components/Shell'
import { useRowKeys } from '../components/useRowKeys'
import { agentsOf, together, waitTone, type AgentFilter } from '../floor/sight'
import { useFloor } from '../floor/stream'
import { Agents } from '../floor/view/Agents'
import { Callers } from '../floor/view/Callers'
import { Talks, type Shown } from '../floor/view/Talks'
import { Tile, type Opens } from '../floor/view/Tiles'
import { clock, words } from '../lib/format'
import { useNow, useTitle } from '../lib/hooks'
import { left, useSupervising } from '../phone/supervising'
import '../floor/texts'
import './floor.css'

/** The whole screen, as far as the browser gives it; without that, the whole page. */
function useWall() {
  const [on, setOn] = useState(false)
  const set = (wanted: boolean) => {
    setOn(wanted)
    if (wanted) void document.documentElement.requestFullscreen?.().catch(() => undefined)
    else if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined)
  }
  useEffect(() => {
    const changed = () => !document.fullscreenElement && setOn(false)
    const pressed = ({ key }: KeyboardEvent) => key === 'Escape' && setOn(false)
    document.addEventListener('fullscreenchange', changed)
    document.addEventListener('keydown', pressed)
    return () => {
      document.removeEventListener('fullscreenchange', changed)
      document.removeEventListener('keydown', pressed)
    }
  }, [])
  return { on, set }
}

/** The numbers of all queues together, above the tiles of a wall. */
function Sum({ floor, now }: { floor: Floor; now: number }) {
  const { t } = useTranslation()
  const { waiting } = together(floor.queues)
  const first = Math.min(now, ...floor.waiting.map(({ since }) => since))
  return (
    <p className="wall-sum" aria-live="off">
      <span>
        <b className="num">{waiting}</b> {t('wallboard.sum_waiting', { count: waiting })}
      </span>
      {waiting > 0 && (
        <span>
          <b className="num">{clock(now - first)}</b> {t('wallboard.sum_longest')}
        </span>
      )}
    </p>
  )
}

function waitedFor(queue: string, waiting: readonly Waiting[], now: number): number {
  const since = waiting.filter((each) => each.queue === queue).map((each) => each.since)
  return since.length === 0 ? 0 : Math.max(0, (now - Math.min(...since)) / 1_000)
}

function NotSupervising({ acts, extension }: { acts: boolean; extension: string | null }) {
  const { t } = useTranslation()
  if (acts && extension !== null) return null
  return (
    <p className="wall-missing muted">
      {t(acts ? 'wallboard.needs_phone' : 'wallboard.needs_right')} {acts && <Link to="/desk">{t('wallboard.get_phone')}</Link>}
    </p>
  )
}

function Board({ me }: { me: Me }) {
  const { t } = useTranslation()
  const { floor, ahead_ms, stale } = useFloor()
  const here = useNow(1_000)
  const now = here - ahead_ms
  const wall = useWall()
  const acts = may(me, 'floor.act')
  const profiles = useQuery(agentsQuery)
  const reasons = useQuery(awayReasons)
  const live = useQuery(liveCalls)
  const { running, ended } = useRunning(live.data?.calls)
  const [agentFilter, setAgentFilter] = useState<AgentFilter>({})
  const [callerQueue, setCallerQueue] = useState<string>()
  const [callQueue, setCallQueue] = useState<string>()
  const [shown, setShown] = useState<Shown>('agent')
  const [search, setSearch] = useState('')
  const searchField = useRef<InputRef>(null)
  const supervising = useSupervising()
  useRowKeys({ f: () => wall.set(!wall.on), '/': () => searchField.current?.focus() })
  useEffect(() => {
    if (supervising && ended.some(({ id }) => id === supervising.call)) left(supervising.call)
  }, [ended, supervising])

  const byExtension = useMemo(() => new Map(profiles.data?.map((agent) => [agent.extension, agent])), [profiles.data])
  const calls = useMemo(() => new Map<string, CallSummary>(running.map((call) => [call.id, call])), [running])
  const name = (extension: string) => byExtension.get(extension)?.name || extension
  const queueTitle = (id: string) => floor?.queues.find((queue) => queue.id === id)?.title ?? words(id)

  const goTo = (id: string) => {
    const section = document.getElementById(id)
    section?.focus()
    section?.scrollIntoView({ block: 'start' })
  }
  const open = (what: Opens) => {
    if (wall.on) wall.set(false)
    if (what.list === 'waiting') setCallerQueue(what.queue)
    else if (what.list === 'calls') setCallQueue(what.queue)
    else setAgentFilter({ queue: what.queue, state: what.state })
    // After the filter is drawn, and out of the wall.
    requestAnimationFrame(() => goTo(what.list === 'waiting' ? 'wall-callers' : what.list === 'calls' ? 'wall-talks' : 'wall-agents'))
  }
  const toggle = (
    <Button icon={wall.on ? <Minimize size={15} /> : <Maximize size={15} />} aria-keyshortcuts="f" onClick={() => wall.set(!wall.on)}>
      {t(wall.on ? 'wallboard.leave_wall' : 'wallboard.wall')}
    </Button>
  )
  const head = (
    <Head title={t('nav.floor')} note={floor && t('wallboard.note', { count: floor.waiting.length })}>
      {stale && (
        <span className="wall-stale" role="status">
          {t('wallboard.stale')}
        </span>
      )}
      {toggle}
    </Head>
  )
  if (!floor)
    return (
      <>
        {head}
        <div className="panel">
          <Bones rows={6} />
        </div>
      </>
    )

  const inQueue = new Map(floor.agents.flatMap(({ call, queue }) => (call !== undefined && queue !== undefined ? [[call, queue] as const] : [])))
  const waiting = floor.waiting.filter(({ queue }) => callerQueue === undefined || queue === callerQueue)
  const agents = agentsOf(floor.agents, agentFilter, byExtension)
  const extension = acts ? (me.extension ?? undefined) : undefined
  const tiles = (
    <ul className="wall-tiles" aria-label={t('wallboard.queues')}>
      {floor.queues.map((queue) => (
        <Tile key={queue.id} queue={queue} waited_s={waitedFor(queue.id, floor.waiting, now) || queue.longest_wait_s} open={open} />
      ))}
    </ul>
  )
  const late = floor.waiting.filter((each) => waitTone((now - each.since) / 1_000, floor.queues.find(({ id }) => id === each.queue)?.within_s ?? 0) !== 'none').length

  if (wall.on)
    return (
      <div className="wall-large">
        {head}
        <Sum floor={floor} now={now} />
        {tiles}
      </div>
    )
  return (
    <>
      {head}
      {floor.queues.length === 0 ? (
        <section className="panel wall-section">
          <Empty icon={<UsersRound size={20} />} title={t('wallboard.no_queues')}>
            <p>{t('wallboard.no_queues_help')}</p>
            <Link to="/queues">{t('wallboard.make_queue')}</Link>
          </Empty>
        </section>
      ) : (
        tiles
      )}
      <section className="panel wall-section" id="wall-callers" tabIndex={-1} aria-label={t('wallboard.callers')}>
        <div className="wall-section-head">
          <h2>{t('wallboard.callers')}</h2>
          {late > 0 && <span className="wall-late">{t('wallboard.late', { count: late })}</span>}
          {callerQueue !== undefined && (
            <Tag closable onClose={() => setCallerQueue(undefined)}>
              {queueTitle(callerQueue)}
            </Tag>
          )}
        </div>
        <Callers waiting={waiting} calls={calls} queues={floor.queues} now={now} acts={acts} name={name} />
      </section>
      <section className="panel wall-section" id="wall-agents" tabIndex={-1} aria-label={t('wallboard.agents')}>
        <div className="wall-section-head">
          <h2>{t('wallboard.agents')}</h2>
          {agentFilter.queue !== undefined && (
            <Tag closable onClose={() => setAgentFilter({})}>
              {queueTitle(agentFilter.queue)}
              {agentFilter.state !== undefined && ` · ${t(`wallboard.state.${agentFilter.state}`)}`}
            </Tag>
          )}
        </div>
        {profiles.error && <ErrorNote error={profiles.error} again={() => void profiles.refetch()} />}
        <Agents agents={agents} filtered={agentFilter.queue !== undefined} name={name} queueTitle={queueTitle} reasons={reasons.data ?? []} now={now} acts={acts} />
      </section>
      <section className="panel wall-section" id="wall-talks" tabIndex={-1} aria-label={t('wallboard.talks')}>
        <div className="wall-section-head">
          <h2>{t('wallboard.talks')}</h2>
          {callQueue !== undefined && (
            <Tag closable onClose={() => setCallQueue(undefined)}>
              {queueTitle(callQueue)}
            </Tag>
          )}
          <Input.Search
            ref={searchField}
            allowClear
            className="wall-search"
            value={search}
            placeholder={t('wallboard.search')}
            aria-label={t('wallboard.search')}
            aria-keyshortcuts="/"
            onChange={(event) => setSearch(event.target.value)}
          />
        </div>
        <NotSupervising acts={acts} extension={me.extension} />
        {live.error && <ErrorNote error={live.error} again={() => void live.refetch()} />}
        <Talks
          calls={running}
          shown={shown}
          show={setShown}
          search={search}
          now={here}
          name={name}
          extension={extension}
          of={({ id }) => callQueue === undefined || inQueue.get(id) === callQueue}
        />
      </section>
    </>
  )
}

export default function FloorPage({ me }: { me: Me }) {
  const { t } = useTranslation()
  useTitle(t('nav.floor'))
  if (may(me, 'floor')) return <Board me={me} />
  return (
    <section className="panel">
      <Empty icon={<Gauge size={20} />} title={t('wallboard.not_yours')}>
        <p>{t('wallboard.not_yours_help')}</p>
      </Empty>
    </section>
  )
}
