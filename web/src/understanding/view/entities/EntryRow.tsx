/** One entry: what is kept, what it is called in each language, and what else callers call it. */
import { Button, Select } from 'antd'
import { TriangleAlert, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { EntityValue } from '../../../api/types'
import { useUnderstood } from '../../context'
import type { Faults } from '../../entities/faults'
import { LONGEST_NAME, LONGEST_PHRASE, MOST_PHRASES, readAs, spoken } from '../../entities/list'
import type { LineLanguage } from '../../lines'

interface Props {
  entry: EntityValue
  at: number
  faults: Faults | undefined
  /** A name that would do for what is kept. */
  proposed: string
  /** What is kept of the entry that shares a phrase. */
  other: string | undefined
  change: (entry: EntityValue | null) => void
  goTo: (at: number) => void
}

function Why({ faults, proposed, other, entry, change, goTo }: Omit<Props, 'at' | 'faults'> & { faults: Faults }) {
  const { t } = useTranslation()
  const { admin } = useUnderstood()
  const { value, many, long, shared } = faults
  return (
    <div className="u-line-why e-why">
      <TriangleAlert size={13} aria-hidden />
      {value && <span>{t(`entities.value_${value}`)}</span>}
      {value && admin && (
        <Button size="small" onClick={() => change({ ...entry, value: proposed })}>
          {t('entities.call_it', { name: proposed })}
        </Button>
      )}
      {many && <span>{t('entities.phrases_many', { most: MOST_PHRASES })}</span>}
      {long !== undefined && <span>{t('entities.phrase_long', { begin: [...long].slice(0, 20).join(''), most: LONGEST_PHRASE })}</span>}
      {shared && (
        <>
          <span>{t('entities.shared', { text: shared.text, other: other ?? '' })}</span>
          <Button size="small" type="link" onClick={() => goTo(shared.at)}>
            {t('entities.show_other')}
          </Button>
        </>
      )}
    </div>
  )
}

export function EntryRow({ entry, at, faults, proposed, other, change, goTo }: Props) {
  const { t } = useTranslation()
  const { admin } = useUnderstood()
  const { value, label = {}, phrases = {} } = entry
  const setLabel = (language: LineLanguage, text: string) => {
    const next = { ...label, [language]: text }
    if (text === '') delete next[language]
    change({ ...entry, label: next })
  }
  const setPhrases = (language: LineLanguage, texts: string[]) => {
    const next = { ...phrases, [language]: [...new Set(texts.map((text) => text.trim()).filter((text) => text !== ''))] }
    if (next[language]?.length === 0) delete next[language]
    change({ ...entry, phrases: next })
  }
  return (
    <div className={faults ? 'e-entry u-line-wrong' : 'e-entry'} role="group" aria-label={value || t('entities.entry', { number: at + 1 })} data-at={at}>
      <input
        className="mono e-value"
        data-field="value"
        value={value}
        readOnly={!admin}
        maxLength={LONGEST_NAME}
        spellCheck={false}
        aria-label={t('entities.value')}
        aria-invalid={faults?.value !== undefined}
        title={t('entities.value_help')}
        placeholder={t('entities.value')}
        onChange={(event) => change({ ...entry, value: event.target.value })}
      />
      {spoken.map((language) => (
        <div key={language} className="e-words">
          <input
            lang={language}
            data-field={language}
            value={label[language] ?? ''}
            readOnly={!admin}
            maxLength={LONGEST_PHRASE}
            aria-label={`${t('entities.label_in', { language: t(`spoken.${language}`) })}: ${value}`}
            placeholder={language === 'en' && Object.keys(label).length === 0 && value !== '' ? readAs(value) : t(`spoken.${language}`)}
            onChange={(event) => setLabel(language, event.target.value)}
          />
          {admin ? (
            <Select
              mode="tags"
              size="small"
              variant="borderless"
              open={false}
              suffixIcon={null}
              className="e-chips"
              value={phrases[language] ?? []}
              tokenSeparators={[',', ',', '、', ';', ';', '\n', '\t']}
              placeholder={t('entities.also_called')}
              aria-label={`${t('entities.also_in', { language: t(`spoken.${language}`) })}: ${value}`}
              onChange={(texts: string[]) => setPhrases(language, texts)}
            />
          ) : (
            <p className="e-chips-read">
              {phrases[language]?.map((text) => (
                <span key={text} className="chip">
                  {text}
                </span>
              ))}
            </p>
          )}
        </div>
      ))}
      {admin && <Button type="text" size="small" className="e-remove" icon={<X size={14} />} aria-label={`${t('entities.remove_entry')}: ${value}`} onClick={() => change(null)} />}
      {faults && <Why {...{ faults, proposed, other, entry, change, goTo }} />}
    </div>
  )
}
