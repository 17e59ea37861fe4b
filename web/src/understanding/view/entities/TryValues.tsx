/** What is found in a text: entries of published lists and values of the built-in kinds, in their normal form. */
import { useQuery } from '@tanstack/react-query'
import { Input, Select, type InputRef } from 'antd'
import { ScanSearch } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { valuesIn } from '../../../api/queries'
import type { EntityList, FoundValue } from '../../../api/types'
import { ErrorNote } from '../../../components/Bits'
import { percent } from '../../../lib/format'
import { useDraft, useKeys, useLanguage } from '../../../lib/hooks'
import { useUnderstood } from '../../context'
import { standing, usePublished } from '../../entities/published'
import { kinds, listChoice, listOf, marked, MOST_SLOTS, wanted, written } from '../../entities/slots'

const TYPING_PAUSE_MS = 350

function Found({ found, published }: { found: FoundValue; published: readonly EntityList[] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const list = listOf(found.slot)
  const said = (value: FoundValue['value']): string => {
    if (value.type === 'yes_no') return t(value['yes'] === true ? 'entities.yes' : 'entities.no')
    return written(value)
  }
  const entry = published.find(({ name }) => name === list)?.values.find(({ value }) => value === found.value['id'])
  const called = entry?.label?.[language]
  return (
    <li className="e-found">
      <span className="e-found-kind muted">{list ?? t(`entities.kind_${found.slot}`)}</span>
      <span className="num muted" title={t('entities.confidence')}>
        {percent(found.confidence, language)}
      </span>
      <code className="e-found-value">{said(found.value)}</code>
      {called && <span className="soft">{called}</span>}
      <span className="u-bar" aria-hidden>
        <i style={{ width: `${Math.round(found.confidence * 100)}%` }} />
      </span>
      {found.others.length > 0 && (
        <p className="e-found-others">
          {t('entities.or')}{' '}
          {found.others.map((other, at) => (
            <code key={at} className="chip">
              {said(other)}
            </code>
          ))}
        </p>
      )}
    </li>
  )
}

export function TryValues({ open }: { open: string | undefined }) {
  const { t } = useTranslation()
  const { intents } = useUnderstood()
  const published = usePublished()
  const [typed, setTyped] = useDraft('entities.try')
  const [chosenText, setChosen] = useDraft('entities.kinds')
  const [form, setForm] = useDraft('entities.form')
  const [country, setCountry] = useDraft('entities.country')
  const [asked, setAsked] = useState(typed.trim())
  const box = useRef<InputRef>(null)
  useKeys({ t: () => box.current?.focus({ cursor: 'all' }) })
  useEffect(() => {
    const pause = setTimeout(() => setAsked(typed.trim()), TYPING_PAUSE_MS)
    return () => clearTimeout(pause)
  }, [typed])
  const lists = intents.work?.lists ?? []
  const known = new Set(lists.map(({ name }) => listChoice(name)))
  // Until something is chosen it is the list that is open.
  const choices = chosenText === '' ? (open === undefined ? [] : [listChoice(open)]) : chosenText.split(' ').filter((choice) => listOf(choice) === undefined || known.has(choice))
  const slots = wanted(choices, new Set(published?.map(({ name }) => name)), form)
  const where = /^[A-Za-z]{2}$/.test(country) ? { country: country.toUpperCase() } : {}
  const { data, error, refetch } = useQuery({ ...valuesIn(asked, slots, where), enabled: asked !== '' && slots.length > 0, placeholderData: (before) => before })
  const stands = published ? lists.filter(({ name }) => choices.includes(listChoice(name))).map((list) => ({ name: list.name, state: standing(list, published) })) : []
  const options = [
    { label: t('understanding.tab_entities'), options: lists.map(({ name }) => ({ value: listChoice(name), label: name })) },
    { label: t('entities.kinds'), options: kinds.map((kind) => ({ value: kind, label: t(`entities.kind_${kind}`) })) },
  ]
  const values = asked !== '' && slots.length > 0 && data && !error ? (data.values ?? []) : undefined
  return (
    <aside className="panel u-try">
      <h2>
        <ScanSearch size={15} aria-hidden />
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
      <Select
        mode="multiple"
        maxCount={MOST_SLOTS}
        value={choices}
        options={options}
        showSearch={{ optionFilterProp: 'label' }}
        placeholder={t('entities.look_for')}
        aria-label={t('entities.look_for')}
        onChange={(next: string[]) => setChosen(next.join(' '))}
      />
      {choices.includes('code') && (
        <Input size="small" className="mono" value={form} placeholder="AA9999" aria-label={t('entities.form')} title={t('entities.form')} addonBefore={t('entities.form_short')} onChange={(event) => setForm(event.target.value)} />
      )}
      {choices.some((choice) => choice === 'phone' || choice.startsWith('date') || choice === 'money') && (
        <Input size="small" value={country} maxLength={2} placeholder="GB" aria-label={t('entities.country')} title={t('entities.country')} addonBefore={t('entities.country_short')} onChange={(event) => setCountry(event.target.value)} />
      )}
      {stands.map(({ name, state }) =>
        state === 'live' ? null : (
          <p key={name} className="u-warn u-by" role="status">
            {t(state === 'new' ? 'entities.try_new' : 'entities.try_changed', { name })}
          </p>
        ),
      )}
      {error && asked !== '' && slots.length > 0 && <ErrorNote error={error} again={() => void refetch()} />}
      {values && (
        <div className="u-answer" aria-live="polite">
          <p className="e-marked">
            {marked(data?.text ?? asked, values).map((part, at) => (part.found ? <mark key={at}>{part.text}</mark> : <span key={at}>{part.text}</span>))}
          </p>
          {values.length === 0 && <p className="muted">{t('entities.nothing_found')}</p>}
          <ul>
            {values.map((found, at) => (
              <Found key={at} found={found} published={published ?? []} />
            ))}
          </ul>
        </div>
      )}
      {asked !== '' && choices.length === 0 && <p className="muted u-by">{t('entities.choose_kinds')}</p>}
      {asked === '' && <p className="muted u-by">{t('entities.try_empty')}</p>}
    </aside>
  )
}
