/** What was published: what answers, what will, what did before; the way back, and what was different. */
import { useQuery } from '@tanstack/react-query'
import { App, Button, Drawer, Popconfirm } from 'antd'
import { GitCompareArrows, History } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { queries, users } from '../../../api/queries'
import { Bones, Empty, ErrorNote, Moment, useReason } from '../../../components/Bits'
import { dateTime } from '../../../lib/format'
import { useLanguage, useNow } from '../../../lib/hooks'
import { cancel, draftQuery, promote, publishedChanged, revert, versionQuery, versionsQuery, type FlowVersion } from '../api'
import { useSession } from '../context'
import { ready } from '../editing'
import type { Side } from './Compare'

interface RowProps {
  version: FlowVersion
  live: number | null
  now: number
  compare: (side: Side) => void
}

function Version({ version, live, now, compare }: RowProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { message } = App.useApp()
  const reason = useReason()
  const session = useSession()
  const people = useQuery(users)
  const [busy, setBusy] = useState(false)
  const { number, state, made_at, made_by, note, at, blocks } = version
  const by = people.data?.find(({ id }) => id === made_by)?.name
  const run = async (work: () => Promise<unknown>, words?: string) => {
    setBusy(true)
    try {
      await work()
      if (words) void message.success(words)
    } catch (error) {
      void message.error(reason(error), 8)
    } finally {
      setBusy(false)
    }
  }
  const answer = () =>
    run(async () => {
      await promote(number)
      await publishedChanged()
    }, t('editor.rolled_back', { version: number }))
  const call_off = () =>
    run(async () => {
      await cancel(number)
      await publishedChanged()
    }, t('editor.called_off', { version: number }))
  const take = () =>
    run(async () => {
      await session.flush()
      await revert(session.revision(), number)
      session.begin(await queries.fetchQuery({ ...draftQuery, staleTime: 0 }))
    }, t('editor.taken_into_draft', { version: number }))
  const look = () =>
    run(async () => {
      const { document } = await queries.fetchQuery(versionQuery(number))
      compare({ title: t('editor.version', { version: number }), draft: ready(document) })
    })
  return (
    <li className={`version version-${state}`} data-version={number}>
      <p className="row">
        <strong className="num">{t('editor.version', { version: number })}</strong>
        <span className={`chip version-state-${state}`}>{t(`editor.state_${state}`)}</span>
        <span className="spread" />
        <span className="muted">
          <Moment at={made_at} now={now} relative />
        </span>
      </p>
      {state === 'scheduled' && at !== null && <p className="soft">{t('editor.goes_live', { at: dateTime(at, language) })}</p>}
      {note !== '' && <p>{note}</p>}
      <p className="muted">{[by, t('editor.block_count', { count: blocks })].filter(Boolean).join(' · ')}</p>
      <div className="row version-tools">
        <Button size="small" type="text" icon={<GitCompareArrows size={14} />} onClick={() => void look()}>
          {t('editor.compare_draft')}
        </Button>
        <Popconfirm title={t('editor.take_sure', { version: number })} okText={t('editor.take')} cancelText={t('app.cancel')} onConfirm={() => void take()}>
          <Button size="small" type="text">
            {t('editor.take')}
          </Button>
        </Popconfirm>
        <span className="spread" />
        {state === 'scheduled' && (
          <Popconfirm title={t('editor.call_off_sure', { version: number })} okText={t('editor.call_off')} cancelText={t('editor.keep')} onConfirm={() => void call_off()}>
            <Button size="small" danger loading={busy}>
              {t('editor.call_off')}
            </Button>
          </Popconfirm>
        )}
        {state !== 'live' && state !== 'scheduled' && (
          <Popconfirm
            title={t('editor.roll_back_sure', { version: number, live: live ?? '—' })}
            description={t('editor.calls_finish')}
            okText={t(state === 'earlier' ? 'editor.roll_back' : 'editor.promote')}
            cancelText={t('app.cancel')}
            onConfirm={() => void answer()}
          >
            <Button size="small" loading={busy}>
              {t(state === 'earlier' ? 'editor.roll_back' : 'editor.promote')}
            </Button>
          </Popconfirm>
        )}
      </div>
    </li>
  )
}

export default function Versions({ compare, close }: { compare: (side: Side) => void; close: () => void }) {
  const { t } = useTranslation()
  const now = useNow(30_000)
  const { data, error, refetch } = useQuery(versionsQuery)
  const live = data?.find(({ state }) => state === 'live')?.number ?? null
  return (
    <Drawer open size={440} onClose={close} title={t('editor.versions')} rootClassName="versions-drawer">
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!data && !error && <Bones rows={6} />}
      {data?.length === 0 && (
        <Empty icon={<History size={20} />} title={t('editor.no_versions')}>
          {t('editor.no_versions_help')}
        </Empty>
      )}
      <ol className="versions">
        {data?.map((version) => (
          <Version key={version.number} version={version} live={live} now={now} compare={compare} />
        ))}
      </ol>
    </Drawer>
  )
}
