/** What callers asked and nothing answers, each with its call, and the way to an article about it. */
import { useQuery } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { CircleCheck, EyeOff, PencilLine } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { http, take } from '../api/client'
import { gaps as gapsQuery, queries } from '../api/queries'
import type { Gap, Me } from '../api/types'
import { Bones, Empty, ErrorNote, Moment, useReason } from '../components/Bits'
import { useNow } from '../lib/hooks'

export function GapList({ me }: { me: Me }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reason = useReason()
  const now = useNow(30_000)
  const { data, error, refetch } = useQuery(gapsQuery)
  const setAside = async (gap: Gap) => {
    try {
      await take(http.POST('/api/v1/knowledge/gaps/{id}/aside', { params: { path: { id: gap.id } } }))
      await queries.invalidateQueries({ queryKey: gapsQuery.queryKey })
    } catch (failure) {
      void message.error(reason(failure), 8)
    }
  }
  if (error) return <ErrorNote error={error} again={() => void refetch()} />
  return (
    <section className="panel">
      {!data && <Bones rows={5} />}
      {data && (
        <p className="muted gaps-sum">
          {t('knowledge.gaps_sum', { told: data.told, unsure: data.unsure, unknown: data.unknown })}
        </p>
      )}
      {data?.gaps.length === 0 && (
        <Empty icon={<CircleCheck size={20} />} title={t('knowledge.no_gaps')}>
          {t('knowledge.no_gaps_help')}
        </Empty>
      )}
      <ul className="articles">
        {data?.gaps.map((gap) => (
          <li key={gap.id} className="article-row gap-row" data-row tabIndex={-1}>
            <div>
              <p lang={gap.language}>{gap.question}</p>
              <p className="row article-facts muted">
                <span className="num">{t('knowledge.asked', { count: gap.count })}</span>
                <Moment at={gap.last_at} now={now} relative />
                <Link to={`/calls/${gap.call}`}>{t('knowledge.last_call')}</Link>
              </p>
            </div>
            {me.role === 'admin' && (
              <p className="row gap-tools">
                <Link to={`/knowledge/new?${new URLSearchParams({ q: gap.question, language: gap.language }).toString()}`}>
                  <Button size="small" tabIndex={-1} icon={<PencilLine size={14} />}>
                    {t('knowledge.write_from')}
                  </Button>
                </Link>
                <Button size="small" type="text" icon={<EyeOff size={14} />} onClick={() => void setAside(gap)}>
                  {t('knowledge.set_aside')}
                </Button>
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
