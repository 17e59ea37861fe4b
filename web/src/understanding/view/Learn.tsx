/** What was not understood, in groups that mean about the same: to hear, and to say once what they mean. */
import { useQuery } from '@tanstack/react-query'
import { Segmented } from 'antd'
import { GraduationCap } from 'lucide-react'
import { useRef, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router-dom'
import { unmatched } from '../../api/queries'
import { Bones, Empty, ErrorNote } from '../../components/Bits'
import { useRowKeys } from '../../components/useRowKeys'
import { useNarrow, useNow } from '../../lib/hooks'
import { useUnderstood } from '../context'
import { usePiece } from '../usePiece'
import { LearnGroup } from './LearnGroup'

const DAYS = [1, 7, 30, 90] as const
const USUAL = 30

export default function Learn() {
  const { t } = useTranslation()
  const now = useNow(60_000)
  const narrow = useNarrow()
  const { intents, admin } = useUnderstood()
  const [params, setParams] = useSearchParams()
  const days = DAYS.find((one) => String(one) === params.get('days')) ?? USUAL
  const { data, error, refetch } = useQuery(unmatched(days))
  const player = usePiece()
  const list = useRef<HTMLOListElement>(null)
  useRowKeys()
  const groups = () => [...(list.current?.querySelectorAll<HTMLElement>('.u-group') ?? [])]
  const walk = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const all = groups()
    const at = all.indexOf(event.target as HTMLElement)
    if (step === 0 || at === -1) return
    event.preventDefault()
    const next = all[at + step]
    next?.focus()
    next?.scrollIntoView({ block: 'nearest' })
  }
  /** The groups close up; whoever works with the keys goes on with the one that comes in its place. */
  const judged = async (index: number) => {
    await refetch()
    if (intents.edits) await intents.takeIn()
    else intents.again()
    requestAnimationFrame(() => groups()[Math.min(index, groups().length - 1)]?.focus({ preventScroll: false }))
  }
  const utterances = (data ?? []).reduce((sum, group) => sum + group.utterances.length, 0)
  return (
    <>
      <div className="u-learn-head">
        <p className="muted">
          {t('understanding.learn_help')}
          {admin && !narrow && ` ${t('understanding.learn_keys')}`}
        </p>
        <span className="row">
          {data && data.length > 0 && <span className="muted num">{t('understanding.learn_count', { count: utterances, groups: data.length })}</span>}
          <Segmented<number>
            value={days}
            aria-label={t('understanding.since')}
            options={DAYS.map((value) => ({ value, label: t('understanding.days', { count: value }) }))}
            onChange={(value) => setParams(value === USUAL ? {} : { days: String(value) }, { replace: true })}
          />
        </span>
      </div>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!data && !error && (
        <div className="panel">
          <Bones rows={6} />
        </div>
      )}
      {data?.length === 0 && (
        <section className="panel">
          <Empty icon={<GraduationCap size={20} />} title={t('understanding.learn_empty')}>
            {t('understanding.learn_empty_help')}
          </Empty>
        </section>
      )}
      <ol ref={list} className="u-groups" onKeyDown={walk}>
        {data?.map((group, index) => (
          <LearnGroup
            key={`${group.utterances[0]?.call ?? ''} ${group.utterances[0]?.seq ?? ''}`}
            group={group}
            now={now}
            player={player}
            judged={() => judged(index)}
          />
        ))}
      </ol>
    </>
  )
}
