/** Calls now, with the words as they are said; below, the calls that just ended. Asked once, then pushed. */
import { useQuery } from '@tanstack/react-query'
import { AudioLines, PhoneIncoming } from 'lucide-react'
import { useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { useHeard } from '../api/live'
import { call as callQuery, liveCalls, recentCalls } from '../api/queries'
import type { CallSummary } from '../api/types'
import { blockNow, callerName, merge, understanding } from '../call/project'
import { transcript, type Line } from '../call/transcript'
import { useRunning } from '../call/useRunning'
import { Bones, Caller, Empty, ErrorNote, Intent, StateChip } from '../components/Bits'
import { CallHead, CallRow } from '../components/CallRow'
import { Happened } from '../components/Happened'
import { Head } from '../components/Shell'
import { useRowKeys } from '../components/useRowKeys'
import { clock, words } from '../lib/format'
import { useNow, useTitle } from '../lib/hooks'
import './live.css'

const SHOWN_LINES = 5

/** The end of a transcript: of happenings in a row only the last, so that the words stay in sight. */
const newest = (lines: readonly Line[]) =>
  lines.filter((line, index) => line.type !== 'event' || lines[index + 1]?.type !== 'event').slice(-SHOWN_LINES)

function CardLine({ line }: { line: Line }) {
  const { t } = useTranslation()
  if (line.type === 'event') {
    return (
      <li className="said event">
        <Happened entry={line.entry} />
      </li>
    )
  }
  if (line.type === 'keys') {
    return (
      <li className="said voice-caller">
        <b>{t('voice.caller')}</b>
        <span>
          <kbd>{line.digits}</kbd>
        </span>
      </li>
    )
  }
  return (
    <li className={`said voice-${line.voice}`}>
      <b>{t(`voice.${line.voice}`)}</b>
      <span className={line.cut ? 'cut' : undefined}>{line.text}</span>
    </li>
  )
}

function LiveCard({ call, now }: { call: CallSummary; now: number }) {
  const { t } = useTranslation()
  const heard = useHeard(call.id)
  const fromStart = heard.entries[0]?.seq === 1
  const { data } = useQuery({ ...callQuery(call.id), enabled: !fromStart })
  const entries = useMemo(() => merge(data?.entries ?? [], heard.entries), [data, heard.entries])
  const lines = useMemo(() => transcript(entries), [entries])
  const meaning = understanding(entries)
  const best = meaning?.ranking[0]
  const block = blockNow(entries)
  const scroll = useRef<HTMLOListElement>(null)
  const partials = (['caller', 'agent'] as const).filter((speaker) => heard.partial[speaker])
  useEffect(() => {
    scroll.current?.scrollTo({ top: scroll.current.scrollHeight })
  }, [lines, heard.partial])

  return (
    <article className={`live-card panel live-${call.state}`}>
      <Link className="cover" data-row to={`/calls/${call.id}`} aria-label={t('call.open', { from: callerName(call, t) })} />
      <header>
        <span className="live-from">
          <Caller number={call.from} channel={call.channel} />
        </span>
        <StateChip state={call.state} />
        <span className="num live-time" role="timer">
          {clock(now - call.started_at)}
        </span>
      </header>
      <ol ref={scroll} className="live-lines" aria-live="polite">
        {newest(lines).map((line) => (
          <CardLine key={line.key} line={line} />
        ))}
        {partials.map((speaker) => (
          <li key={speaker} className={`said partial voice-${speaker}`}>
            <b>{t(`voice.${speaker}`)}</b>
            <span>
              {heard.partial[speaker]}
              <i className="caret" aria-hidden />
            </span>
          </li>
        ))}
        {lines.length === 0 && partials.length === 0 && <li className="muted">{t('live.listening')}</li>}
      </ol>
      <footer>
        {best ? (
          <Intent name={best.intent} confidence={best.confidence} />
        ) : (
          <span className="muted">{t('live.no_intent')}</span>
        )}
        <span className="muted clip">{call.state === 'agent' ? t('live.with', { agent: call.agent }) : block && words(block)}</span>
      </footer>
    </article>
  )
}

export default function Live() {
  const { t } = useTranslation()
  useTitle(t('nav.live'))
  useRowKeys()
  const now = useNow(1_000)
  const live = useQuery(liveCalls)
  const recent = useQuery(recentCalls)
  const { running, ended } = useRunning(live.data?.calls)
  const done = useMemo(() => {
    const known = recent.data?.calls ?? []
    const ids = new Set(known.map((call) => call.id))
    return [...ended.filter((call) => !ids.has(call.id)), ...known]
      .filter((call) => call.state === 'ended')
      .sort((a, b) => (b.ended_at ?? 0) - (a.ended_at ?? 0))
      .slice(0, 12)
  }, [recent.data, ended])

  return (
    <>
      <Head title={t('nav.live')} note={live.data && t('live.now', { count: running.length })} />
      {live.error && <ErrorNote error={live.error} again={() => void live.refetch()} />}
      {live.isPending && (
        <div className="live-grid">
          <div className="panel">
            <Bones rows={5} />
          </div>
        </div>
      )}
      {live.data && running.length === 0 && (
        <section className="panel">
          <Empty icon={<PhoneIncoming size={20} />} title={t('live.empty')}>
            <p>{t('live.empty_help')}</p>
            <p className="live-try">
              <code>{'hotline call sip:100@127.0.0.1'}</code>
            </p>
          </Empty>
        </section>
      )}
      {running.length > 0 && (
        <section className="live-grid" aria-label={t('nav.live')}>
          {running.map((call) => (
            <LiveCard key={call.id} call={call} now={now} />
          ))}
        </section>
      )}
      <section className="live-recent">
        <h2>{t('live.recent')}</h2>
        <div className="panel list">
          <CallHead />
          {recent.isPending && <Bones rows={4} />}
          {recent.error && <ErrorNote error={recent.error} again={() => void recent.refetch()} />}
          {recent.data && done.length === 0 && (
            <Empty icon={<AudioLines size={20} />} title={t('live.none_yet')}>
              {t('live.none_yet_help')}
            </Empty>
          )}
          {done.map((call) => (
            <CallRow key={call.id} call={call} now={now} />
          ))}
        </div>
      </section>
    </>
  )
}
