/** What callers mean: the intents with their examples, what was not understood, the versions, and who else may ask. */
import { useQuery } from '@tanstack/react-query'
import { App, Button, Popconfirm, Tabs } from 'antd'
import { ListChecks, Rocket, Save } from 'lucide-react'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useNavigate, useParams } from 'react-router-dom'
import { intentsCheck, intentVersions, queries } from '../api/queries'
import type { Me } from '../api/types'
import { Bones, ErrorNote, useReason } from '../components/Bits'
import { Head } from '../components/Shell'
import { capitalised, words } from '../lib/format'
import { useLanguage, useTitle } from '../lib/hooks'
import { UnderstoodContext, type Understood } from '../understanding/context'
import { count } from '../understanding/edits'
import type { Refusal } from '../understanding/entities/faults'
import { MOST_ENTRIES, MOST_LISTS } from '../understanding/entities/list'
import { useIntents, type Intents as IntentsNow } from '../understanding/useIntents'
import { Intents } from '../understanding/view/Intents'
import '../understanding/view/understanding.css'

const Entities = lazy(() => import('../understanding/view/entities/Entities'))
const Learn = lazy(() => import('../understanding/view/Learn'))
const History = lazy(() => import('../understanding/view/History'))
const Access = lazy(() => import('../understanding/view/Access'))
const Publish = lazy(() => import('../understanding/view/Publish'))

/** Ctrl + S saves, also while somebody types. */
function useSaveKey(save: () => void): void {
  const latest = useRef(save)
  useEffect(() => {
    latest.current = save
  })
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey) return
      event.preventDefault()
      latest.current()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [])
}

/** Whoever goes to another page is told that what they typed is neither saved nor lost. */
function useKeptNote(changes: number): void {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const latest = useRef<() => void>(undefined)
  useEffect(() => {
    latest.current = () => changes > 0 && void message.warning(t('understanding.kept', { count: changes }), 6)
  })
  useEffect(() => () => latest.current?.(), [])
}

/** Save, check, publish: what can be done with the draft. */
function Actions({ intents }: { intents: IntentsNow }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reason = useReason()
  const go = useNavigate()
  const [checking, setChecking] = useState(false)
  const [publishing, setPublishing] = useState(false)
  const { edits, saving, draft } = intents
  const changes = count(edits)
  const save = async () => {
    if (changes > 0 && (await intents.save())) void message.success(t('understanding.saved'))
  }
  useSaveKey(() => void save())
  const check = async () => {
    setChecking(true)
    try {
      if (!(await intents.save())) return
      await queries.fetchQuery({ ...intentsCheck, staleTime: 0 })
      void go('/understanding/intents?view=check')
    } catch (error) {
      void message.error(reason(error), 8)
    } finally {
      setChecking(false)
    }
  }
  const publish = async () => {
    if (await intents.save()) setPublishing(true)
  }
  return (
    <div className="row u-actions">
      {changes > 0 && (
        <>
          <span className="u-unsaved num">{t('understanding.unsaved', { count: changes })}</span>
          <Popconfirm title={t('understanding.discard_sure')} okText={t('understanding.discard')} onConfirm={intents.discard}>
            <Button type="text">{t('understanding.discard')}</Button>
          </Popconfirm>
          <Button icon={<Save size={15} />} loading={saving} title="Ctrl + S" onClick={() => void save()}>
            {t('understanding.save')}
          </Button>
        </>
      )}
      <Button icon={<ListChecks size={15} />} loading={checking} onClick={() => void check()} title={t('understanding.check_help')}>
        {t('understanding.check')}
      </Button>
      <Button type="primary" icon={<Rocket size={15} />} disabled={!draft || (!draft.changed && changes === 0)} onClick={() => void publish()}>
        {t('understanding.publish')}
      </Button>
      <Suspense fallback={null}>{publishing && <Publish close={() => setPublishing(false)} />}</Suspense>
    </div>
  )
}

/** What keeps the lists from being saved, with the way to it. */
function Refused({ refusal }: { refusal: Refusal }) {
  const { t } = useTranslation()
  const list = 'list' in refusal ? refusal.list : undefined
  return (
    <div className="u-stale" role="alert">
      <strong className="spread">
        {refusal.kind === 'lists' && t('entities.refused_lists', { most: MOST_LISTS })}
        {refusal.kind === 'entries' && t('entities.refused_entries', { most: MOST_ENTRIES })}
        {refusal.kind === 'entry' && t('entities.refused_entry', { list: refusal.list, value: refusal.value })}
        {list !== undefined && refusal.kind !== 'entry' && t('entities.refused_name', { list })}
      </strong>
      {list !== undefined && <Link to={`/understanding/entities?list=${encodeURIComponent(list)}`}>{t('entities.refused_show')}</Link>}
    </div>
  )
}

/** Somebody else has saved meanwhile, or saving failed: what happened and what can be done. */
function SaveTrouble({ intents }: { intents: IntentsNow }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  if (intents.failure !== null) {
    return <ErrorNote error={intents.failure} again={() => void (intents.edits ? intents.save() : intents.takeIn())} />
  }
  if (intents.refusal) return <Refused refusal={intents.refusal} />
  if (!intents.stale) return null
  const takeIn = async () => {
    await intents.takeIn()
    void message.info(t('understanding.taken_in'), 6)
  }
  return (
    <div className="u-stale" role="alert">
      <div className="spread">
        <strong>{t('understanding.stale')}</strong>
        <p>{t('understanding.stale_help')}</p>
      </div>
      <Button type="primary" size="small" onClick={() => void takeIn()}>
        {t('understanding.take_in')}
      </Button>
    </div>
  )
}

function useUnderstanding(me: Me, intents: IntentsNow): Understood {
  const { t } = useTranslation()
  const language = useLanguage()
  const versions = useQuery(intentVersions)
  const checked = useQuery({ ...intentsCheck, enabled: false })
  const { work } = intents
  return useMemo(() => {
    const labels = new Map(work?.intents.map(({ name, label }) => [name, label[language]?.trim() ? capitalised(label[language].trim()) : words(name)]))
    const tested = versions.data?.find(({ state }) => state === 'live')?.report.tests?.by_intent
    return {
      intents,
      admin: me.role === 'admin',
      nameOf: (intent) => (intent ? (labels.get(intent) ?? words(intent)) : t('understanding.out_of_scope')),
      accuracyOf: (intent) => tested?.[intent] ?? checked.data?.found.by_intent[intent],
    }
  }, [intents, work, language, versions.data, checked.data, me.role, t])
}

const tabs = ['intents', 'entities', 'learn', 'history', 'access'] as const
type Tab = (typeof tabs)[number]

export default function Understanding({ me }: { me: Me }) {
  const { t } = useTranslation()
  useTitle(t('nav.understanding'))
  const go = useNavigate()
  const { tab = 'intents' } = useParams()
  const intents = useIntents()
  const understood = useUnderstanding(me, intents)
  useKeptNote(count(intents.edits))
  const { draft, error } = intents
  const reachable = tabs.filter((key) => key !== 'access' || understood.admin)
  if (!reachable.includes(tab as Tab)) return <Navigate to="/understanding/intents" replace />
  const version = draft?.live ?? null
  return (
    <UnderstoodContext value={understood}>
      <Head
        title={t('nav.understanding')}
        note={draft && (version === null ? t('understanding.flow_answers') : t('understanding.version_answers', { version }))}
      >
        {understood.admin && <Actions intents={intents} />}
      </Head>
      <SaveTrouble intents={intents} />
      <Tabs
        className="u-tabs"
        size="small"
        tabBarGutter={22}
        activeKey={tab}
        onChange={(key) => void go(`/understanding/${key}`)}
        items={reachable.map((key) => ({ key, label: t(`understanding.tab_${key}`) }))}
      />
      {error !== null && <ErrorNote error={error} again={intents.again} />}
      <Suspense fallback={<Bones rows={6} />}>
        {tab === 'intents' && <Intents />}
        {tab === 'entities' && <Entities />}
        {tab === 'learn' && <Learn />}
        {tab === 'history' && <History />}
        {tab === 'access' && <Access />}
      </Suspense>
    </UnderstoodContext>
  )
}
