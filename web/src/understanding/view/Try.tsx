/** What the version that answers now makes of a text, and why. */
import { useQuery } from '@tanstack/react-query'
import { App, Button, Input, Select, type InputRef } from 'antd'
import { Plus, SearchCode } from 'lucide-react'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { meaning } from '../../api/queries'
import type { Parsed } from '../../api/types'
import { ErrorNote } from '../../components/Bits'
import { percent } from '../../lib/format'
import { useDraft, useKeys, useLanguage, useMedia } from '../../lib/hooks'
import { intentPath, useUnderstood } from '../context'
import { keyOf } from '../lines'

const TYPING_PAUSE_MS = 350

function Bar({ value, mark }: { value: number; mark?: number }) {
  return (
    <span className="u-bar" aria-hidden>
      <i style={{ width: `${Math.round(Math.max(0, Math.min(1, value)) * 100)}%` }} />
      {mark !== undefined && <b style={{ left: `${Math.round(mark * 100)}%` }} />}
    </span>
  )
}

/** Puts the text among the examples of an intent, not saved yet. */
function Teach({ text, best }: { text: string; best: string | undefined }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const { intents, nameOf } = useUnderstood()
  const [chosen, setChosen] = useState<string>()
  const { work } = intents
  if (!work) return null
  const key = keyOf(text)
  const known = work.intents.find(({ examples }) => examples.some((line) => keyOf(line.text) === key))
  const outside = work.out_of_scope.some((line) => keyOf(line.text) === key)
  if (known || outside) {
    return (
      <p className="muted u-try-known">{t('understanding.already', { intent: nameOf(known?.name ?? '') })}</p>
    )
  }
  const to = chosen ?? (work.intents.some(({ name }) => name === best) ? best : undefined)
  const add = () => {
    if (to === undefined) return
    const intent = work.intents.find(({ name }) => name === to)
    if (intent) intents.setIntent(to, { name: to, label: intent.label, examples: [{ text }, ...intent.examples] })
    else intents.setOutOfScope([{ text }, ...work.out_of_scope])
    void message.success(t('understanding.added', { intent: nameOf(to) }))
  }
  return (
    <div className="u-teach">
      <span className="soft">{t('understanding.add_as')}</span>
      <Select
        size="small"
        showSearch={{ optionFilterProp: 'label' }}
        value={to}
        placeholder={t('understanding.an_intent')}
        aria-label={t('understanding.add_as')}
        popupMatchSelectWidth={false}
        options={[...work.intents.map(({ name }) => ({ value: name, label: nameOf(name) })), { value: '', label: nameOf('') }]}
        onChange={setChosen}
      />
      <Button size="small" icon={<Plus size={14} />} disabled={to === undefined} onClick={add}>
        {t('understanding.add')}
      </Button>
    </div>
  )
}

/** Beside the editor the reasons are in sight; where they would push it away, they open on demand. */
function Reasons({ children }: { children: ReactNode }) {
  const { t } = useTranslation()
  const above = useMedia('(max-width: 1180px)')
  if (!above) return children
  return (
    <details className="u-reasons">
      <summary>{t('understanding.why')}</summary>
      <div className="u-answer">{children}</div>
    </details>
  )
}

function Answer({ parsed }: { parsed: Parsed }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { nameOf, admin } = useUnderstood()
  const { decision, ranking, in_scope, threshold, nearest, ngrams } = parsed
  const [first, second] = parsed.between
  return (
    <div className="u-answer" aria-live="polite">
      <p className={`u-decision u-decision-${decision}`}>
        {decision === 'accept' && t('understanding.accepts', { intent: nameOf(parsed.intent ?? null) })}
        {decision === 'disambiguate' && t('understanding.asks', { first: nameOf(first ?? null), second: nameOf(second ?? null) })}
        {decision === 'reject' && t('understanding.rejects')}
      </p>
      <Reasons>
        <section>
          <h3>{t('understanding.scope')}</h3>
          <Bar value={in_scope} mark={threshold} />
          <p className="muted num u-scope">
            {t(in_scope >= threshold ? 'understanding.scope_in' : 'understanding.scope_out', {
              scope: percent(in_scope, language),
              threshold: percent(threshold, language),
            })}
          </p>
        </section>
        {ranking.length > 0 && (
          <section>
            <h3>{t('understanding.ranking')}</h3>
            <ol className="u-ranking">
              {ranking.map(({ intent, confidence }) => (
                <li key={intent}>
                  <Link to={intentPath(intent)} className="clip">
                    {nameOf(intent)}
                  </Link>
                  <span className="num muted">{percent(confidence, language)}</span>
                  <Bar value={confidence} />
                </li>
              ))}
            </ol>
          </section>
        )}
        {nearest.length > 0 && (
          <section>
            <h3>{t('understanding.nearest')}</h3>
            <ol className="u-nearest">
              {nearest.map(({ example, intent, similarity }) => (
                <li key={`${intent} ${example}`}>
                  <span>{example}</span>
                  <span className="num muted">{percent(similarity, language)}</span>
                  <Link to={intentPath(intent)} className="clip">
                    {nameOf(intent)}
                  </Link>
                </li>
              ))}
            </ol>
          </section>
        )}
        {ngrams.length > 0 && (
          <section>
            <h3>{t('understanding.ngrams')}</h3>
            <p className="u-ngrams">
              {ngrams.map((piece) => (
                <code key={piece} className="chip">
                  {piece}
                </code>
              ))}
            </p>
          </section>
        )}
      </Reasons>
      {admin && <Teach key={parsed.text} text={parsed.text} best={ranking[0]?.intent} />}
      <p className="muted u-by" title={parsed.model}>
        {t('understanding.answered_by', {
          version: parsed.version ?? t('understanding.flows_own'),
          time: new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(parsed.microseconds / 1_000),
        })}
      </p>
    </div>
  )
}

export function Try() {
  const { t } = useTranslation()
  const { intents } = useUnderstood()
  const [typed, setTyped] = useDraft('understanding.try')
  const [asked, setAsked] = useState(typed.trim())
  const box = useRef<InputRef>(null)
  useKeys({ t: () => box.current?.focus({ cursor: 'all' }) })
  const { data, error, refetch } = useQuery({ ...meaning(asked), enabled: asked !== '', placeholderData: (before) => before })
  useEffect(() => {
    const pause = setTimeout(() => setAsked(typed.trim()), TYPING_PAUSE_MS)
    return () => clearTimeout(pause)
  }, [typed])
  const { draft, edits } = intents
  return (
    <aside className="panel u-try">
      <h2>
        <SearchCode size={15} aria-hidden />
        {t('understanding.try')}
      </h2>
      <Input
        ref={box}
        allowClear
        value={typed}
        maxLength={1_000}
        placeholder={t('understanding.try_help')}
        aria-label={t('understanding.try_help')}
        onChange={(event) => setTyped(event.target.value)}
        onPressEnter={() => setAsked(typed.trim())}
      />
      {error && asked !== '' && <ErrorNote error={error} again={() => void refetch()} />}
      {asked !== '' && data && !error && <Answer parsed={data} />}
      {asked !== '' && (draft?.changed || edits) && <p className="muted u-by">{t('understanding.try_live')}</p>}
      {asked === '' && <p className="muted u-by">{t('understanding.try_empty')}</p>}
    </aside>
  )
}
