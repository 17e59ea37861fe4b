/** Every call, newest first, filtered by outcome. Rows that run change as they happen; new calls wait behind a button. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Select } from 'antd'
import { PhoneCall } from 'lucide-react'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router-dom'
import { useHeardCalls } from '../api/live'
import { calls as callsQuery } from '../api/queries'
import type { Outcome } from '../api/types'
import { outcomes, summarise } from '../call/project'
import { Bones, Empty, ErrorNote } from '../components/Bits'
import { CallHead, CallRow } from '../components/CallRow'
import { Rows } from '../components/Rows'
import { Head } from '../components/Shell'
import { useRowKeys } from '../components/useRowKeys'
import { useNarrow, useNow, useTitle } from '../lib/hooks'

const isOutcome = (text: string | null): text is Outcome => outcomes.includes(text as Outcome)

export default function Calls() {
  const { t } = useTranslation()
  useTitle(t('nav.calls'))
  useRowKeys()
  const now = useNow(1_000)
  const narrow = useNarrow()
  const [params, setParams] = useSearchParams()
  const asked = params.get('outcome')
  const outcome = isOutcome(asked) ? asked : undefined
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(callsQuery(outcome))
  const heard = useHeardCalls()

  const { rows, fresh } = useMemo(() => {
    const known = data?.pages.flatMap((page) => page.calls) ?? []
    const ids = new Set(known.map((call) => call.id))
    const newest = known[0]?.started_at ?? 0
    return {
      rows: known.map((call) => summarise(call.id, heard.get(call.id)?.entries ?? [], call)),
      fresh: [...heard].filter(([id, { entries }]) => !ids.has(id) && entries[0]?.kind === 'offered' && entries[0].at >= newest).length,
    }
  }, [data, heard])
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [isFetchingNextPage, fetchNextPage])

  return (
    <>
      <Head title={t('nav.calls')}>
        <span className="row">
          {fresh > 0 && outcome === undefined && (
            <Button size="small" type="primary" onClick={() => void refetch()}>
              {t('calls.fresh', { count: fresh })}
            </Button>
          )}
          <Select<Outcome | 'all'>
            value={outcome ?? 'all'}
            aria-label={t('call.outcome')}
            popupMatchSelectWidth={false}
            onChange={(value) => setParams(value === 'all' ? {} : { outcome: value }, { replace: true })}
            options={[
              { value: 'all', label: t('calls.all') },
              ...outcomes.map((value) => ({ value, label: t(`outcome.${value}`) })),
            ]}
          />
        </span>
      </Head>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      <div className="panel list">
        <CallHead />
        {isPending && <Bones rows={10} />}
        {data && rows.length === 0 && (
          <Empty icon={<PhoneCall size={20} />} title={t(outcome ? 'calls.none_such' : 'calls.empty')}>
            {outcome ? <Button onClick={() => setParams({})}>{t('calls.show_all')}</Button> : t('calls.empty_help')}
          </Empty>
        )}
        {rows.length > 0 && (
          <Rows
            items={rows}
            height={narrow ? 59 : 41}
            keyOf={(call) => call.id}
            row={(call) => <CallRow call={call} now={now} />}
            hasMore={hasNextPage}
            loadMore={more}
          />
        )}
      </div>
    </>
  )
}
