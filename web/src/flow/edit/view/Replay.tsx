/** Yesterday's callers: what the draft would have done to calls that have been, each side by side with what happened. */
import { ReactFlowProvider } from '@xyflow/react'
import { Button, InputNumber, Select } from 'antd'
import { ArrowRight, ExternalLink, History, Play, X } from 'lucide-react'
import { useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Bones, Empty, ErrorNote } from '../../../components/Bits'
import { dateTime, when, words } from '../../../lib/format'
import { useKeys, useLanguage } from '../../../lib/hooks'
import { Canvas } from '../../Canvas'
import type { FlowDocument } from '../../document'
import type { Look } from '../../ways'
import type { Replay as Found, Replayed, Way } from '../api'
import { useEdit, useEdited } from '../context'
import { CALLS, painted, parting, partings, toldApart, type Replays, type Side } from '../replay'
import { Fate, ReplayCounts } from './ReplayCounts'
import './studio.css'

const LOOKS: Record<Side, Look> = {
  both: { stroke: 'var(--ink-3)', width: 2.2, className: 'way-both' },
  before: { stroke: 'var(--warn)', width: 2.2, className: 'way-before' },
  after: { stroke: 'var(--accent)', width: 2.4, className: 'way-after' },
}

function useOutcome(): (way: Way) => string {
  const { t } = useTranslation()
  return ({ outcome, queue }) => (outcome ? t(`outcome.${outcome}`, { defaultValue: outcome }) : queue ? t('studio.waits_in', { queue }) : t('studio.open_end'))
}

function Path({ title, path, other, side, go }: { title: string; path: readonly string[]; other: readonly string[]; side: 'before' | 'after'; go: (block: string) => void }) {
  const parts = parting(path, other)
  return (
    <section className={`replay-path replay-${side}`}>
      <h3>{title}</h3>
      <ol>
        {path.map((block, index) => (
          <li key={index} className={index >= parts ? 'step-apart' : undefined}>
            <button type="button" onClick={() => go(block)}>
              {words(block)}
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Details({ one, go }: { one: Replayed; go: (block: string) => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const name = (told: string) => (told.startsWith(':') ? t(`studio.told.${told.slice(1)}`) : words(told))
  const value = (told: string, text: string | null) => (text === null ? '—' : told === ':outcome' ? t(`outcome.${text}`, { defaultValue: text }) : text)
  return (
    <article className="replay-one" aria-label={t('studio.call_at', { at: dateTime(one.at, language) })}>
      <header>
        <p className="row">
          <Fate status={one.status} />
          <span className="muted num spread">{dateTime(one.at, language)}</span>
        </p>
        <p>{one.why}</p>
        <a className="row" href={`/calls/${encodeURIComponent(one.call)}`} target="_blank" rel="noreferrer">
          <ExternalLink size={13} aria-hidden />
          {t('studio.hear_call')}
        </a>
      </header>
      {one.status !== 'skipped' && (
        <>
          <table className="replay-told">
            <thead>
              <tr>
                <td />
                <th scope="col">{t('studio.before')}</th>
                <th scope="col">{t('studio.after')}</th>
              </tr>
            </thead>
            <tbody>
              {toldApart(one).map(({ name: told, before, after }) => (
                <tr key={told} className={before === after ? undefined : 'told-apart'}>
                  <th scope="row">{name(told)}</th>
                  <td>{value(told, before)}</td>
                  <td>{value(told, after)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <div className="replay-paths">
            <Path title={t('studio.before')} path={one.before.path} other={one.after.path} side="before" go={go} />
            <Path title={t('studio.after')} path={one.after.path} other={one.before.path} side="after" go={go} />
          </div>
        </>
      )}
    </article>
  )
}

function Calls({ results, chosen, choose }: { results: readonly Replayed[]; chosen: Replayed | undefined; choose: (call: string) => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const outcome = useOutcome()
  const list = useRef<HTMLUListElement>(null)
  const [now] = useState(() => Date.now())
  const walk = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const at = results.findIndex(({ call }) => call === chosen?.call)
    const next = step === 0 ? undefined : results[at + step]
    if (!next) return
    event.preventDefault()
    choose(next.call)
    list.current?.querySelector<HTMLElement>(`[data-call="${next.call}"]`)?.focus()
  }
  return (
    <ul ref={list} className="replay-calls" aria-label={t('studio.calls_apart')} onKeyDown={walk}>
      {results.map((one) => (
        <li key={one.call}>
          <button type="button" data-call={one.call} aria-pressed={one.call === chosen?.call} onClick={() => choose(one.call)}>
            <span className="row">
              <Fate status={one.status} />
              <span className="soft num spread">{when(one.at, language, now)}</span>
              {one.where !== null && <span className="clip">{words(one.where)}</span>}
            </span>
            {one.status === 'moved' && (
              <span className="row replay-ends">
                <span className="clip">{outcome(one.before)}</span>
                <ArrowRight size={12} aria-hidden />
                <span className="clip">{outcome(one.after)}</span>
              </span>
            )}
          </button>
        </li>
      ))}
    </ul>
  )
}

function Looked({ found }: { found: Found }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const draft = useEdited((now) => now.draft())
  const [status, setStatus] = useState<Replayed['status']>()
  const [where, setWhere] = useState<string>()
  const [call, setCall] = useState<string>()
  const [block, setBlock] = useState<string>()
  const flow = useMemo<FlowDocument>(() => ({ ...draft, layout: draft.metadata.layout }), [draft])
  const places = useMemo(() => partings(found.results), [found])
  const results = useMemo(() => found.results.filter((one) => (status === undefined || one.status === status) && (where === undefined || one.where === where)), [found, status, where])
  const one = results.find((result) => result.call === call) ?? results[0]
  const looks = useMemo(() => {
    if (!one || one.status === 'skipped') return undefined
    const { blocks, lines } = painted(one)
    return {
      blocks: new Map([...blocks].map(([id, side]) => [id, `block-on-${side}${id === one.where ? ' block-parting' : ''}`])),
      lines: new Map([...lines].map(([id, side]) => [id, LOOKS[side]])),
    }
  }, [one])
  const choose = (next: string) => {
    setCall(next)
    setBlock(found.results.find((result) => result.call === next)?.where ?? undefined)
  }
  const listed = found.moved + found.diverged + found.skipped
  return (
    <div className="replay-body">
      <section className="replay-side" aria-label={t('studio.calls_apart')}>
        <ReplayCounts found={found} chosen={status} choose={setStatus} />
        {places.length > 1 && (
          <Select
            size="small"
            allowClear
            className="field-wide"
            placeholder={t('studio.anywhere')}
            aria-label={t('studio.where')}
            value={where}
            options={places.map(({ where: value, count }) => ({ value, label: `${words(value)} · ${count}` }))}
            onChange={(next: string | undefined) => setWhere(next)}
          />
        )}
        {found.results.length < listed && <p className="muted">{t('studio.only_first', { count: found.results.length, all: listed })}</p>}
        {listed === 0 ? <p className="is-good">{t('studio.all_same')}</p> : <Calls results={results} chosen={one} choose={choose} />}
      </section>
      <section className="replay-graph" aria-label={t('studio.graph')}>
        <p className="row replay-legend">
          {(['before', 'after', 'both'] as const).map((side) => (
            <span key={side} className="row">
              <i className={`legend legend-${side}`} aria-hidden />
              {t(`studio.side.${side}`)}
            </span>
          ))}
        </p>
        <ReactFlowProvider>
          <Canvas flow={flow} specs={edit.specs} visits={undefined} taken={undefined} selected={block} select={setBlock} looks={looks} />
        </ReactFlowProvider>
      </section>
      <div className="replay-details">{one && <Details key={one.call} one={one} go={setBlock} />}</div>
    </div>
  )
}

export default function Replay({ replays, close }: { replays: Replays; close: () => void }) {
  const { t } = useTranslation()
  const draft = useEdited((now) => now.draft())
  const { busy, error, found, blocks } = useSyncExternalStore(replays.subscribe, replays.state)
  const [calls, setCalls] = useState<number | null>(found?.calls ?? CALLS.usual)
  useKeys({ Escape: close })
  const run = () => void replays.run(calls ?? CALLS.usual)
  return (
    <div className="panel compare replay">
      <header className="row compare-head">
        <h2>{t('studio.replay')}</h2>
        <label className="row">
          <span className="soft">{t('studio.last_calls')}</span>
          <InputNumber className="replay-number" aria-label={t('studio.how_many')} min={CALLS.least} max={CALLS.most} precision={0} value={calls} onChange={setCalls} onPressEnter={run} />
        </label>
        <Button type="primary" icon={<Play size={14} />} loading={busy} onClick={run}>
          {t(found ? 'studio.run_again' : 'studio.run')}
        </Button>
        {busy && <Button onClick={replays.stop}>{t('app.cancel')}</Button>}
        <span className="spread muted num">{found && !busy && t('studio.took', { count: found.calls, seconds: found.seconds })}</span>
        <Button type="text" size="small" icon={<X size={15} />} aria-label={t('studio.close_replay')} onClick={close} />
      </header>
      {found && !busy && blocks !== draft.blocks && (
        <p className="replay-stale" role="status">
          {t('studio.stale')}
        </p>
      )}
      {error !== undefined && <ErrorNote error={error} again={run} />}
      {busy && <Bones rows={7} />}
      {!busy && found && <Looked key={found.trace_hash + String(found.calls)} found={found} />}
      {!busy && !found && error === undefined && (
        <Empty icon={<History size={20} />} title={t('studio.replay_empty')}>
          {t('studio.replay_help')}
        </Empty>
      )}
    </div>
  )
}
