/** The versions: what answers, what answered before, what is held; how each did, what was different, and the way back. */
import { useQuery } from '@tanstack/react-query'
import { App, Button, Popconfirm, Select } from 'antd'
import { GitCompareArrows, History as HistoryIcon, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router-dom'
import { http, take } from '../../api/client'
import { intentTuning, intentVersions, queries, users } from '../../api/queries'
import type { Judgement, VersionView } from '../../api/types'
import { Bones, Empty, ErrorNote, Moment, useReason } from '../../components/Bits'
import { useLanguage, useNow } from '../../lib/hooks'
import { useUnderstood } from '../context'
import { shareValues, took } from '../share'
import { Changes } from './Changes'

function Wrong({ tests }: { tests: Judgement }) {
  const { t } = useTranslation()
  const { nameOf } = useUnderstood()
  if (tests.wrong.length === 0) return null
  return (
    <details className="u-wrong">
      <summary>{t('understanding.wrong', { count: tests.wrong.length })}</summary>
      <ul>
        {tests.wrong.map(({ text, expected, got }) => (
          <li key={`${text} ${expected ?? ''}`}>
            <span>{text}</span>
            <span className="muted">
              {t('understanding.expected_got', {
                expected: nameOf(expected ?? null),
                got: got ? nameOf(got) : t('understanding.rejected'),
              })}
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}

interface RowProps {
  version: VersionView
  live: number | null
  now: number
  compare: () => void
}

function Version({ version, live, now, compare }: RowProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { message } = App.useApp()
  const reason = useReason()
  const { admin, intents, nameOf } = useUnderstood()
  const people = useQuery(users)
  const [busy, setBusy] = useState(false)
  const { number, kind, state, made_at, made_by, note, report } = version
  const by = people.data?.find(({ id }) => id === made_by)?.name
  const isBack = state === 'retired'
  const promote = async () => {
    setBusy(true)
    try {
      await take(http.POST('/api/v1/intents/versions/{number}/promote', { params: { path: { number } } }))
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'intents' && queryKey[1] !== 'check' })
      intents.again()
      void message.success(t('understanding.promoted', { version: number }))
    } catch (error) {
      void message.error(reason(error), 8)
    } finally {
      setBusy(false)
    }
  }
  return (
    <li className={`u-version u-version-${state}`} data-version={number}>
      <div className="u-version-head">
        <strong className="num">{t('understanding.version', { version: number })}</strong>
        <span className={`chip u-state-${state}`} title={t(`understanding.state_${state}_help`)}>
          {t(`understanding.state_${state}`)}
        </span>
        {kind === 'deep' && (
          <span className="chip" title={t('understanding.tuned_help')}>
            {t('understanding.tuned')}
          </span>
        )}
        <span className="muted u-facts">
          <Moment at={made_at} now={now} relative />
          {by && <span>{by}</span>}
          <span className="num">
            {t('understanding.trained', { intents: report.intents, examples: report.examples, time: took(report.train_ms, language) })}
          </span>
        </span>
      </div>
      {note !== '' && <p className="u-version-note">{note}</p>}
      <p className="soft">
        {report.tests ? t('understanding.tests_now', shareValues(report.tests.all, language)) : <span className="muted">{t('understanding.not_tested')}</span>}
      </p>
      {report.trial && (
        <p className="soft">
          {t('understanding.trial', {
            tuned: t('understanding.share', shareValues(report.trial.tuned, language)),
            untuned: t('understanding.share', shareValues(report.trial.untuned, language)),
          })}
        </p>
      )}
      {report.regressions.map(({ intent, before, now: after }) => (
        <p key={intent} className="u-warn">
          {t('understanding.became_worse', {
            intent: nameOf(intent === '-' ? null : intent),
            before: t('understanding.share', shareValues(before, language)),
            after: t('understanding.share', shareValues(after, language)),
          })}
        </p>
      ))}
      {report.tests && <Wrong tests={report.tests} />}
      <div className="row u-version-tools">
        <Button size="small" type="text" icon={<GitCompareArrows size={14} />} onClick={compare}>
          {t(state === 'live' ? 'understanding.what_changed' : 'understanding.compare_live')}
        </Button>
        {admin && state !== 'live' && (
          <Popconfirm
            title={t(isBack ? 'understanding.roll_back_sure' : 'understanding.promote_sure', { version: number, live: live ?? '—' })}
            description={t('understanding.promote_help')}
            okText={t(isBack ? 'understanding.roll_back' : 'understanding.promote')}
            cancelText={t('app.cancel')}
            onConfirm={() => void promote()}
          >
            <Button size="small" loading={busy}>
              {t(isBack ? 'understanding.roll_back' : 'understanding.promote')}
            </Button>
          </Popconfirm>
        )}
      </div>
    </li>
  )
}

/** A version that is trained once more in the background; the list is read again when that is done. */
function Tuning() {
  const { t } = useTranslation()
  const { intents } = useUnderstood()
  const { data } = useQuery(intentTuning)
  const tuning = data?.tuning
  const version = tuning?.version
  const { again } = intents
  useEffect(() => {
    if (version === undefined) return
    return () => {
      void queries.invalidateQueries({ queryKey: intentVersions.queryKey })
      again()
    }
  }, [version, again])
  if (!tuning) return null
  return (
    <p className="soft u-tuning" role="status">
      {t('understanding.tuning', { version: tuning.version, percent: tuning.percent })}
    </p>
  )
}

/** `flow`, `draft` or a number, as it stands in the address. */
const numberOf = (side: string): number | undefined => (/^\d+$/.test(side) ? Number(side) : undefined)

export default function History() {
  const { t } = useTranslation()
  const now = useNow(30_000)
  const { data, error, refetch } = useQuery(intentVersions)
  const [params, setParams] = useSearchParams()
  const from = params.get('from')
  const to = params.get('to')
  const live = data?.find(({ state }) => state === 'live')?.number ?? null
  const compare = (earlier: string, later: string) => setParams({ from: earlier, to: later }, { replace: true })
  const numbers = (data ?? []).map(({ number }) => ({ value: String(number), label: t('understanding.version', { version: number }) }))
  const compareVersion = ({ number, state }: VersionView) => {
    const other = state === 'live' ? (data?.find((one) => one.number < number && one.state === 'retired')?.number ?? null) : live
    if (other === null) compare('flow', String(number))
    else compare(String(Math.min(other, number)), String(Math.max(other, number)))
  }
  return (
    <>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {from !== null && to !== null && (
        <section className="panel u-compare">
          <div className="u-head-row">
            <h2>{t('understanding.compare')}</h2>
            <Select
              size="small"
              aria-label={t('understanding.earlier')}
              value={from}
              popupMatchSelectWidth={false}
              options={[...numbers, { value: 'flow', label: t('understanding.flows_own') }]}
              onChange={(value) => compare(value, to)}
            />
            <span aria-hidden className="muted">
              →
            </span>
            <Select
              size="small"
              aria-label={t('understanding.later')}
              value={to}
              popupMatchSelectWidth={false}
              options={[{ value: 'draft', label: t('understanding.the_draft') }, ...numbers]}
              onChange={(value) => compare(from, value)}
            />
            <span className="spread" />
            <Button type="text" size="small" icon={<X size={15} />} aria-label={t('understanding.close')} onClick={() => setParams({}, { replace: true })} />
          </div>
          <Changes from={numberOf(from)} to={numberOf(to)} />
        </section>
      )}
      <section className="panel">
        <Tuning />
        {!data && !error && <Bones rows={6} />}
        {data?.length === 0 && (
          <Empty icon={<HistoryIcon size={20} />} title={t('understanding.no_versions')}>
            {t('understanding.no_versions_help')}
          </Empty>
        )}
        <ol className="u-versions">
          {data?.map((version) => (
            <Version key={version.number} version={version} live={live} now={now} compare={() => compareVersion(version)} />
          ))}
        </ol>
      </section>
    </>
  )
}
