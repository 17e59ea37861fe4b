/** The knowledge base: the articles, a question to try, and what nothing answers yet. */
import { useQuery } from '@tanstack/react-query'
import { Button, Input, Segmented, Select, type InputRef } from 'antd'
import { BookOpen, FileUp, Headset, Plus, Search } from 'lucide-react'
import { lazy, Suspense, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useSearchParams } from 'react-router-dom'
import { articles as articlesQuery } from '../api/queries'
import type { Article, Me, Review } from '../api/types'
import { Bones, Empty, ErrorNote, Moment } from '../components/Bits'
import { Head } from '../components/Shell'
import { useRowKeys } from '../components/useRowKeys'
import { GapList } from '../knowledge/GapList'
import { ReviewChip } from '../knowledge/Parts'
import { TryIt } from '../knowledge/TryIt'
import { useNow, useTitle } from '../lib/hooks'
import './knowledge.css'

const ImportFile = lazy(() => import('../knowledge/ImportFile'))
const views = ['articles', 'try', 'gaps'] as const
type View = (typeof views)[number]
const reviews: readonly Review[] = ['draft', 'in_review', 'approved', 'retired']
/** Three ways of asking are found markedly better than one. */
const GOOD_QUESTIONS = 3

function Row({ article: { id, article, changed_at, told, helped, not_helped }, now }: { article: Article; now: number }) {
  const { t } = useTranslation()
  return (
    <li className="article-row">
      <Link className="cover" data-row to={`/knowledge/${id}`} aria-label={article.questions[0]} />
      <p className="article-title" lang={article.language}>
        <span className="strong">{article.questions[0]}</span>
        <ReviewChip review={article.review ?? 'draft'} />
        {article.audience === 'agent' && (
          <span className="chip">
            <Headset size={12} aria-hidden /> {t('knowledge.agents_only')}
          </span>
        )}
        {(article.tags ?? []).map((tag) => (
          <span key={tag} className="chip">
            {tag}
          </span>
        ))}
      </p>
      <p className="row article-facts muted">
        <span>{t(article.language === 'en' ? 'prompt.language_en' : 'prompt.language_zh')}</span>
        <span className={article.questions.length < GOOD_QUESTIONS ? 'few num' : 'num'}>
          {t('knowledge.questions_count', { count: article.questions.length })}
        </span>
        <span className="num">{t('knowledge.told', { count: told })}</span>
        {helped + not_helped > 0 && <span className="num">{t('knowledge.helped_of', { helped, all: helped + not_helped })}</span>}
        <Moment at={changed_at} now={now} relative />
      </p>
    </li>
  )
}

function Articles({ me, search }: { me: Me; search: React.RefObject<InputRef | null> }) {
  const { t } = useTranslation()
  const now = useNow(30_000)
  const { data, error, refetch } = useQuery(articlesQuery)
  const [words, setWords] = useState('')
  const [review, setReview] = useState<Review | ''>('')
  const [language, setLanguage] = useState<'' | 'en' | 'zh-CN'>('')
  const [tag, setTag] = useState<string>()
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== '')
  const text = ({ article }: Article) =>
    [...article.questions, article.ear, article.eye, ...(article.tags ?? [])].join(' ').toLowerCase()
  const shown = (data ?? []).filter(
    (one) =>
      (review === '' || one.article.review === review) &&
      (language === '' || one.article.language === language) &&
      (tag === undefined || one.article.tags?.includes(tag)) &&
      wanted.every((word) => text(one).includes(word)),
  )
  const tags = [...new Set((data ?? []).flatMap(({ article }) => article.tags ?? []))].sort()
  return (
    <>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {data && data.length > 0 && (
        <div className="knowledge-filter">
          <Input
            ref={search}
            allowClear
            prefix={<Search size={14} aria-hidden />}
            placeholder={t('knowledge.search')}
            aria-label={t('knowledge.search')}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
          <Select<Review | ''>
            value={review}
            onChange={setReview}
            aria-label={t('knowledge.review')}
            options={[{ value: '' as const, label: t('knowledge.all_reviews') }, ...reviews.map((value) => ({ value, label: t(`knowledge.review_${value}`) }))]}
          />
          <Select<'' | 'en' | 'zh-CN'>
            value={language}
            onChange={setLanguage}
            aria-label={t('knowledge.language')}
            options={[
              { value: '', label: t('knowledge.all_languages') },
              { value: 'en', label: t('prompt.language_en') },
              { value: 'zh-CN', label: t('prompt.language_zh') },
            ]}
          />
          {tags.length > 0 && (
            <Select<string>
              allowClear
              value={tag}
              onChange={setTag}
              aria-label={t('knowledge.tags')}
              placeholder={t('knowledge.tags')}
              options={tags.map((value) => ({ value, label: value }))}
            />
          )}
        </div>
      )}
      <section className="panel">
        {!data && !error && <Bones rows={6} />}
        {data?.length === 0 && (
          <Empty icon={<BookOpen size={20} />} title={t('knowledge.empty')}>
            {t('knowledge.empty_help')}
            {me.role === 'admin' && (
              <p>
                <Link to="/knowledge/new">
                  <Button type="primary" tabIndex={-1} icon={<Plus size={14} />}>
                    {t('knowledge.new')}
                  </Button>
                </Link>
              </p>
            )}
          </Empty>
        )}
        {data && data.length > 0 && shown.length === 0 && <p className="muted knowledge-none">{t('knowledge.nothing')}</p>}
        <ul className="articles">
          {shown.map((article) => (
            <Row key={article.id} article={article} now={now} />
          ))}
        </ul>
      </section>
    </>
  )
}

export default function Knowledge({ me }: { me: Me }) {
  const { t } = useTranslation()
  useTitle(t('nav.knowledge'))
  const go = useNavigate()
  const [params, setParams] = useSearchParams()
  const view: View = views.find((name) => name === params.get('view')) ?? 'articles'
  const search = useRef<InputRef>(null)
  const [importing, setImporting] = useState(false)
  useRowKeys({
    '/': () => search.current?.focus({ cursor: 'all' }),
    ...(me.role === 'admin' ? { n: () => void go('/knowledge/new') } : {}),
  })
  return (
    <>
      <Head title={t('nav.knowledge')}>
        <Segmented<View>
          value={view}
          onChange={(next) => setParams(next === 'articles' ? {} : { view: next })}
          options={views.map((value) => ({ value, label: t(`knowledge.view_${value}`) }))}
        />
        {me.role === 'admin' && (
          <>
            <Button icon={<FileUp size={14} />} onClick={() => setImporting(true)}>
              {t('knowledge.import')}
            </Button>
            <Button type="primary" icon={<Plus size={14} />} onClick={() => void go('/knowledge/new')}>
              {t('knowledge.new')}
            </Button>
          </>
        )}
      </Head>
      {view === 'articles' && <Articles me={me} search={search} />}
      {view === 'try' && <TryIt />}
      {view === 'gaps' && <GapList me={me} />}
      <Suspense fallback={null}>{importing && <ImportFile close={() => setImporting(false)} />}</Suspense>
    </>
  )
}
