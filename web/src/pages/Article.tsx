/** One article: both answers side by side, what a caller hears of it, whether it helps, and how it came to be. */
import { useQuery } from '@tanstack/react-query'
import { App, Button, Input, Popconfirm, Segmented, Select } from 'antd'
import { ThumbsDown, ThumbsUp, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router-dom'
import { Failure, http, take } from '../api/client'
import { article as articleQuery, articleHistory, queries } from '../api/queries'
import type { Article as Kept, Audience, Me, Review } from '../api/types'
import { Bones, ErrorNote, Moment, useReason } from '../components/Bits'
import { Head } from '../components/Shell'
import { Changes, HearIt, ReviewChip } from '../knowledge/Parts'
import { articleOf, blank, questionsOf, read, typedOf, type Typed } from '../knowledge/text'
import { useDraft, useLanguage, useNow, useTitle } from '../lib/hooks'
import './knowledge.css'

const reviews: readonly Review[] = ['draft', 'in_review', 'approved', 'retired']

function History({ id }: { id: string }) {
  const { t } = useTranslation()
  const now = useNow(30_000)
  const { data, error, refetch } = useQuery(articleHistory(id))
  if (error) return <ErrorNote error={error} again={() => void refetch()} />
  if (!data) return <Bones rows={4} />
  return (
    <ol className="history">
      {data.map((version) => (
        <li key={version.version}>
          <p className="row muted">
            <span className="strong num">{t('knowledge.version', { version: version.version })}</span>
            <Moment at={version.at} now={now} />
            <span>{version.by?.name}</span>
          </p>
          {version.changes.length > 0 ? <Changes changes={version.changes} /> : <p className="muted">{t('knowledge.first_version')}</p>}
        </li>
      ))}
    </ol>
  )
}

function Helped({ kept }: { kept: Kept }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reason = useReason()
  const say = async (helped: boolean) => {
    try {
      await take(
        http.POST('/api/v1/knowledge/articles/{id}/feedback', { params: { path: { id: kept.id } }, body: { helped } }),
      )
      await queries.invalidateQueries({ queryKey: ['knowledge'] })
    } catch (error) {
      void message.error(reason(error), 8)
    }
  }
  return (
    <p className="row helped">
      <span className="muted">{t('knowledge.did_it_help')}</span>
      <Button size="small" icon={<ThumbsUp size={14} />} aria-label={t('knowledge.helped')} onClick={() => void say(true)}>
        {kept.helped}
      </Button>
      <Button size="small" icon={<ThumbsDown size={14} />} aria-label={t('knowledge.not_helped')} onClick={() => void say(false)}>
        {kept.not_helped}
      </Button>
      <span className="muted num">{t('knowledge.told', { count: kept.told })}</span>
    </p>
  )
}

interface EditorProps {
  kept: Kept | undefined
  first: Typed
  admin: boolean
}

function Editor({ kept, first, admin }: EditorProps) {
  const { t } = useTranslation()
  const go = useNavigate()
  const { message } = App.useApp()
  const [draft, setDraft] = useDraft(`article.${kept?.id ?? 'new'}`)
  const typed = read(draft) ?? first
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<Typed>) => setDraft(JSON.stringify({ ...typed, ...part }))
  const changed = draft !== ''
  const questions = questionsOf(typed)

  const save = async (version = kept?.version) => {
    setBusy(true)
    setFailure(undefined)
    try {
      const body = articleOf(typed)
      const saved = kept
        ? await take(
            http.PUT('/api/v1/knowledge/articles/{id}', {
              params: { path: { id: kept.id }, header: { 'If-Match': `"${version ?? 0}"` } },
              body,
            }),
          )
        : await take(http.POST('/api/v1/knowledge/articles', { body }))
      setDraft('')
      queries.setQueryData(articleQuery(saved.id).queryKey, saved)
      await queries.invalidateQueries({ queryKey: ['knowledge'] })
      void message.success(t('knowledge.saved'))
      if (!kept) void go(`/knowledge/${saved.id}`, { replace: true })
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  const remove = async () => {
    if (!kept) return
    try {
      await take(http.DELETE('/api/v1/knowledge/articles/{id}', { params: { path: { id: kept.id } } }))
      setDraft('')
      await queries.invalidateQueries({ queryKey: ['knowledge'] })
      void go('/knowledge')
    } catch (error) {
      setFailure(error)
    }
  }
  const collided = failure instanceof Failure && failure.code === 'changed'

  return (
    <form
      className="panel editor"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
      onKeyDown={(event) => {
        if (event.key === 's' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault()
          if (admin && changed) void save()
        }
      }}
    >
      <label className="field wide">
        <span>{t('knowledge.questions')}</span>
        <Input.TextArea
          autoSize={{ minRows: 3, maxRows: 12 }}
          value={typed.questions}
          readOnly={!admin}
          lang={typed.language}
          onChange={(event) => set({ questions: event.target.value })}
        />
        <span className={questions.length < 3 ? 'hint few' : 'hint'}>{t('knowledge.questions_hint', { count: questions.length })}</span>
      </label>
      <label className="field">
        <span>{t('knowledge.ear')}</span>
        <Input.TextArea
          autoSize={{ minRows: 6, maxRows: 18 }}
          maxLength={1000}
          value={typed.ear}
          readOnly={!admin}
          lang={typed.language}
          placeholder={t('knowledge.ear_placeholder')}
          onChange={(event) => set({ ear: event.target.value })}
        />
        <span className="hint">{t('knowledge.ear_hint')}</span>
      </label>
      <label className="field">
        <span>{t('knowledge.eye')}</span>
        <Input.TextArea
          autoSize={{ minRows: 6, maxRows: 18 }}
          maxLength={20000}
          value={typed.eye}
          readOnly={!admin}
          lang={typed.language}
          onChange={(event) => set({ eye: event.target.value })}
        />
        <span className="hint">{t('knowledge.eye_hint')}</span>
      </label>
      <div className="field wide">
        <HearIt ear={typed.ear} eye={typed.eye} language={typed.language} />
      </div>
      <div className="settings wide">
        <label className="field">
          <span>{t('knowledge.review')}</span>
          <Select<Review>
            value={typed.review}
            disabled={!admin}
            onChange={(review) => set({ review })}
            options={reviews.map((value) => ({ value, label: t(`knowledge.review_${value}`) }))}
          />
        </label>
        <label className="field">
          <span>{t('knowledge.audience')}</span>
          <Select<Audience>
            value={typed.audience}
            disabled={!admin}
            onChange={(audience) => set({ audience })}
            options={[
              { value: 'caller', label: t('knowledge.everybody') },
              { value: 'agent', label: t('knowledge.agents_only') },
            ]}
          />
        </label>
        <label className="field">
          <span>{t('knowledge.language')}</span>
          <Select<Typed['language']>
            value={typed.language}
            disabled={!admin}
            onChange={(language) => set({ language })}
            options={[
              { value: 'en', label: t('prompt.language_en') },
              { value: 'zh-CN', label: t('prompt.language_zh') },
            ]}
          />
        </label>
        <label className="field">
          <span>{t('knowledge.tags')}</span>
          <Select<string[]> mode="tags" open={false} suffixIcon={null} value={typed.tags} disabled={!admin} onChange={(tags) => set({ tags })} />
        </label>
        <label className="field">
          <span>{t('knowledge.from')}</span>
          <Input type="date" value={typed.from} readOnly={!admin} onChange={(event) => set({ from: event.target.value })} />
        </label>
        <label className="field">
          <span>{t('knowledge.until')}</span>
          <Input type="date" value={typed.until} readOnly={!admin} onChange={(event) => set({ until: event.target.value })} />
        </label>
      </div>
      {failure !== undefined && (
        <div className="wide">
          <ErrorNote
            error={failure}
            again={() => {
              if (!collided || !kept) return void save()
              // What was typed stays; the next save is laid over what is there by then.
              void queries.invalidateQueries({ queryKey: ['knowledge'] }).then(() => setFailure(undefined))
            }}
          />
        </div>
      )}
      {admin && (
        <p className="row wide editor-foot">
          <Button type="primary" htmlType="submit" loading={busy} disabled={!changed && kept !== undefined}>
            {t('knowledge.save')}
          </Button>
          {changed && (
            <Button type="text" onClick={() => setDraft('')}>
              {t('knowledge.undo')}
            </Button>
          )}
          <span className="spread" />
          {kept && (
            <Popconfirm title={t('knowledge.remove_sure')} okText={t('knowledge.remove')} onConfirm={() => void remove()}>
              <Button danger type="text" icon={<Trash2 size={14} />}>
                {t('knowledge.remove')}
              </Button>
            </Popconfirm>
          )}
        </p>
      )}
    </form>
  )
}

export default function Article({ me }: { me: Me }) {
  const { t } = useTranslation()
  const { id = 'new' } = useParams()
  const [params] = useSearchParams()
  const language = useLanguage()
  const fresh = id === 'new'
  const { data, error, refetch } = useQuery({ ...articleQuery(id), enabled: !fresh })
  const title = fresh ? t('knowledge.new') : data?.article.questions[0]
  useTitle(title)
  const [view, setView] = useState<'text' | 'history'>('text')
  const asked = params.get('language')
  const first = blank(asked === 'en' || asked === 'zh-CN' ? asked : language, params.get('q') ?? '')
  return (
    <>
      <p className="back">
        <Link to="/knowledge">{t('nav.knowledge')}</Link>
      </p>
      <Head title={title ?? '…'} note={data && <ReviewChip review={data.article.review ?? 'draft'} />}>
        {!fresh && (
          <Segmented<'text' | 'history'>
            value={view}
            onChange={setView}
            options={[
              { value: 'text', label: t('knowledge.text') },
              { value: 'history', label: t('knowledge.history') },
            ]}
          />
        )}
      </Head>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!fresh && !data && !error && <Bones rows={8} />}
      {data && <Helped kept={data} />}
      {view === 'history' && data && (
        <section className="panel">
          <History id={data.id} />
        </section>
      )}
      {view === 'text' && (fresh || data) && (
        <Editor key={id} kept={data} first={data ? typedOf(data) : first} admin={me.role === 'admin'} />
      )}
    </>
  )
}
