/** A question put to the knowledge base, with what a caller would hear and why. */
import { Button, Checkbox, Input, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { http, take } from '../api/client'
import type { Audience, Found } from '../api/types'
import { ErrorNote } from '../components/Bits'
import { percent } from '../lib/format'
import { useLanguage } from '../lib/hooks'
import { ReviewChip } from './Parts'

function Share({ name, value }: { name: string; value: number }) {
  const language = useLanguage()
  return (
    <span className="share">
      <span className="muted">{name}</span>
      <span className="meter" aria-hidden>
        <i style={{ width: `${Math.round(Math.max(0, Math.min(1, value)) * 100)}%` }} />
      </span>
      <span className="num">{percent(value, language)}</span>
    </span>
  )
}

export function TryIt() {
  const { t } = useTranslation()
  const language = useLanguage()
  const [text, setText] = useState('')
  const [audience, setAudience] = useState<Audience>('caller')
  const [drafts, setDrafts] = useState(false)
  const [found, setFound] = useState<Found>()
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const ask = async () => {
    if (text.trim() === '') return
    setBusy(true)
    setFailure(undefined)
    try {
      setFound(await take(http.POST('/api/v1/knowledge/search', { body: { text, audience, drafts } })))
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className="panel try">
      <p className="muted">{t('knowledge.try_help')}</p>
      <form
        className="try-form"
        onSubmit={(event) => {
          event.preventDefault()
          void ask()
        }}
      >
        <Input
          autoFocus
          value={text}
          maxLength={1000}
          placeholder={t('knowledge.try_placeholder')}
          aria-label={t('knowledge.try_placeholder')}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="primary" htmlType="submit" loading={busy} disabled={text.trim() === ''}>
          {t('knowledge.try_go')}
        </Button>
        <Segmented<Audience>
          value={audience}
          onChange={setAudience}
          options={[
            { value: 'caller', label: t('knowledge.as_caller') },
            { value: 'agent', label: t('knowledge.as_agent') },
          ]}
        />
        <Checkbox checked={drafts} onChange={(event) => setDrafts(event.target.checked)}>
          {t('knowledge.with_drafts')}
        </Checkbox>
      </form>
      {failure !== undefined && <ErrorNote error={failure} again={() => void ask()} />}
      {found && (
        <div aria-live="polite">
          <p className={`verdict verdict-${found.answer}`}>{t(`knowledge.verdict_${found.answer}`)}</p>
          <ol className="hits">
            {found.hits.map((hit) => (
              <li key={hit.id}>
                <p className="row">
                  <Link to={`/knowledge/${hit.id}`} className="strong">
                    {hit.title}
                  </Link>
                  <ReviewChip review={hit.review} />
                  <span className="muted num">{t('knowledge.sure', { share: percent(hit.confidence, language) })}</span>
                </p>
                <p className="hit-why">
                  {hit.phrasing !== '' ? t('knowledge.because', { phrasing: hit.phrasing }) : t('knowledge.because_body')}
                </p>
                <p className="row hit-why">
                  {hit.meaning !== null && <Share name={t('knowledge.meaning')} value={hit.meaning} />}
                  <Share name={t('knowledge.words')} value={hit.words} />
                  {hit.common.map((word) => (
                    <span key={word} className="chip">
                      {word}
                    </span>
                  ))}
                </p>
                <p className="soft">{hit.spoken.short}</p>
              </li>
            ))}
          </ol>
        </div>
      )}
    </section>
  )
}
