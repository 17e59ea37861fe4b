/** Articles that may answer what the caller just said, with the reason; they stay until there are better ones. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { ThumbsDown, ThumbsUp } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { http, take } from '../../api/client'
import { suggestions as suggestionsQuery } from '../../api/queries'
import type { Entry, Found } from '../../api/types'
import { ErrorNote } from '../../components/Bits'
import { percent } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import { lastQuestion } from '../story'

/** What is less likely is no suggestion. */
const LEAST = 0.15
const MOST = 3

function Feedback({ article }: { article: string }) {
  const { t } = useTranslation()
  const [said, setSaid] = useState(false)
  const say = (helped: boolean) => {
    setSaid(true)
    take(http.POST('/api/v1/knowledge/articles/{id}/feedback', { params: { path: { id: article } }, body: { helped } })).catch(() => setSaid(false))
  }
  if (said) return <span className="muted">{t('desk.thanks')}</span>
  return (
    <>
      <Button size="small" type="text" icon={<ThumbsUp size={14} />} aria-label={t('desk.helped')} title={t('desk.helped')} onClick={() => say(true)} />
      <Button size="small" type="text" icon={<ThumbsDown size={14} />} aria-label={t('desk.not_helped')} title={t('desk.not_helped')} onClick={() => say(false)} />
    </>
  )
}

function Suggestion({ hit }: { hit: Found['hits'][number] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  return (
    <li>
      <p className="row">
        <Link to={`/knowledge/${hit.id}`} className="strong spread">
          {hit.title}
        </Link>
        <span className="muted num">{t('desk.sure', { share: percent(hit.confidence, language) })}</span>
      </p>
      <p>{hit.spoken.short}</p>
      {hit.spoken.rest !== null && <p className="soft">{hit.spoken.rest}</p>}
      <p className="row suggestion-why">
        <span className="muted spread">
          {hit.phrasing !== '' ? t('desk.because', { phrasing: hit.phrasing }) : t('desk.because_body')}
          {hit.common.length > 0 && ` · ${t('desk.common', { words: hit.common.join(', ') })}`}
        </span>
        <Feedback article={hit.id} />
      </p>
    </li>
  )
}

export function Suggestions({ entries }: { entries: readonly Entry[] }) {
  const { t } = useTranslation()
  const text = lastQuestion(entries)
  const { data, error } = useQuery({ ...suggestionsQuery(text ?? ''), enabled: text !== undefined, placeholderData: keepPreviousData })
  if (text === undefined || (!data && !error)) return <p className="muted desk-pad">{t('desk.suggestions_none')}</p>
  if (error) return <ErrorNote error={error} />
  const hits = data?.hits.filter(({ confidence }) => confidence >= LEAST).slice(0, MOST) ?? []
  return (
    <div className="suggestions" aria-live="polite">
      <p className="muted clip" title={text}>
        {t('desk.suggestions_for', { text })}
      </p>
      {hits.length === 0 ? (
        <p className="muted">{t('desk.suggestions_nothing')}</p>
      ) : (
        <ol>
          {hits.map((hit) => (
            <Suggestion key={hit.id} hit={hit} />
          ))}
        </ol>
      )}
    </div>
  )
}
