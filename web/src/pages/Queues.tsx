/** Queues: what there are and how each is set, what those who work in them can do, and why they may be away. */
import { useQuery } from '@tanstack/react-query'
import { App, Button, Tabs } from 'antd'
import { Plus, Trash2, UsersRound } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router-dom'
import { agents as agentsQuery } from '../api/floor'
import { may } from '../api/may'
import { queries } from '../api/queries'
import { queueList, removeQueue } from '../api/queues'
import type { Me } from '../api/types'
import { Bones, Empty, ErrorNote, useReason } from '../components/Bits'
import { Head } from '../components/Shell'
import { useRowKeys } from '../components/useRowKeys'
import { worksIn } from '../floor/sight'
import { useTitle } from '../lib/hooks'
import { usual, type Kept } from '../queues/document'
import { Editor } from '../queues/view/Editor'
import { People } from '../queues/view/People'
import { Reasons } from '../queues/view/Reasons'
import '../floor/texts'
import './queues.css'

const tabs = ['queues', 'agents', 'reasons'] as const
const NEW = ' new'

function Card({ kept, people, writes, open }: { kept: Kept; people: number | undefined; writes: boolean; open: string }) {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const reason = useReason()
  const { queue, stored } = kept
  const title = queue.title || queue.id
  const remove = () =>
    modal.confirm({
      title: t('queueing.remove_sure', { title }),
      content: t('queueing.remove_help'),
      okText: t('queueing.remove'),
      cancelText: t('queueing.cancel'),
      okButtonProps: { danger: true },
      onOk: () =>
        removeQueue(queue.id).then(
          () => queries.invalidateQueries({ queryKey: queueList.queryKey }),
          (error: unknown) => void message.error(reason(error)),
        ),
    })
  return (
    <li className="panel queue-card">
      <div className="queue-card-head">
        <Link className="queue-card-title clip" data-row to={open}>
          {title}
        </Link>
        {title !== queue.id && <code className="muted">{queue.id}</code>}
        {!stored && <span className="chip">{t('queueing.usual')}</span>}
        {writes && stored && <Button type="text" size="small" icon={<Trash2 size={15} />} aria-label={t('queueing.remove_sure', { title })} title={t('queueing.remove')} onClick={remove} />}
      </div>
      <p>{t(`queueing.strategies.${queue.strategy}`)}</p>
      <p className="muted">{t('queueing.overview', { percent: queue.target.percent, seconds: queue.target.within_s, ring: queue.ring_s, wrap: queue.wrap_up_s })}</p>
      {queue.needs.length > 0 && <p className="muted">{t('queueing.needs_short', { skills: queue.needs.map(({ skill, level }) => `${skill} ${level}`).join(', ') })}</p>}
      {people !== undefined && <p className={people === 0 ? 'queue-nobody' : 'muted'}>{people === 0 ? t('queueing.nobody') : t('queueing.people', { count: people })}</p>}
    </li>
  )
}

export default function Queues({ me }: { me: Me }) {
  const { t } = useTranslation()
  useTitle(t('nav.queues'))
  const go = useNavigate()
  const { tab: wanted } = useParams()
  const tab = tabs.find((each) => each === wanted) ?? 'queues'
  const [params] = useSearchParams()
  const opened = params.get('queue')
  const writes = may(me, 'queues.write')
  const { data, error, refetch } = useQuery(queueList)
  const people = useQuery(agentsQuery)
  const address = (id: string) => `/queues?queue=${encodeURIComponent(id)}`
  useRowKeys(writes && opened === null && tab === 'queues' ? { n: () => void go(address(NEW)) } : {})
  const all = data?.map(({ queue }) => queue) ?? []
  const skills = [...new Set([...all.flatMap(({ needs }) => needs.map(({ skill }) => skill)), ...(people.data ?? []).flatMap((agent) => Object.keys(agent.skills))])].sort()
  const fresh = opened === NEW
  const kept = fresh ? { queue: usual, revision: 0, stored: false } : data?.find(({ queue }) => queue.id === opened)

  if (opened !== null && kept)
    return (
      <Editor
        key={opened}
        kept={kept}
        fresh={fresh}
        writes={writes}
        others={all.filter(({ id }) => id !== opened)}
        skills={skills}
        saved={(now) => {
          queries.setQueryData(queueList.queryKey, (before) => [...(before ?? []).filter(({ queue }) => queue.id !== now.queue.id), now].sort((a, b) => a.queue.id.localeCompare(b.queue.id)))
          if (fresh) void go('/queues')
        }}
        close={() => void go('/queues')}
      />
    )

  const list = (
    <>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!data && !error && (
        <div className="panel">
          <Bones rows={4} />
        </div>
      )}
      {data?.length === 0 && (
        <section className="panel">
          <Empty icon={<UsersRound size={20} />} title={t('queueing.empty')}>
            <p>{t('queueing.empty_help')}</p>
            {writes && (
              <Button type="primary" icon={<Plus size={15} />} onClick={() => void go(address(NEW))}>
                {t('queueing.new')}
              </Button>
            )}
          </Empty>
        </section>
      )}
      <ul className="queue-cards" aria-label={t('queueing.queues')}>
        {data?.map((each) => (
          <Card key={each.queue.id} kept={each} writes={writes} open={address(each.queue.id)} people={people.data?.filter((agent) => worksIn(agent, each.queue.id)).length} />
        ))}
      </ul>
    </>
  )
  return (
    <>
      <Head title={t('nav.queues')} note={data && t('queueing.note', { count: data.length })}>
        {writes && (
          <Button type="primary" icon={<Plus size={15} />} aria-keyshortcuts="n" onClick={() => void go(address(NEW))}>
            {t('queueing.new')}
          </Button>
        )}
      </Head>
      {!writes && <p className="muted queue-reads">{t('queueing.reads_only')}</p>}
      <Tabs
        activeKey={tab}
        onChange={(key) => void go(key === 'queues' ? '/queues' : `/queues/${key}`)}
        items={[
          { key: 'queues', label: t('queueing.queues'), children: list },
          { key: 'agents', label: t('queueing.agents'), children: <People writes={writes} queues={all} skills={skills} /> },
          { key: 'reasons', label: t('queueing.reasons'), children: <Reasons writes={may(me, 'settings')} /> },
        ]}
      />
    </>
  )
}
