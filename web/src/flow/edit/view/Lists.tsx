/** Fields that hold texts per language, and lists: several prompts, phrases, names of intents, pairs of name and text. */
import { Button, Input, Select } from 'antd'
import { Plus, Trash2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { languageNames } from '../words'
import { Hear } from './Hear'
import { isStrings, isTexts, useForm, type FieldProps } from './form'
import { Found } from './Found'

const shownLanguages = (languages: readonly string[], value: unknown): string[] => {
  const there = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const all = [...new Set([...languages, ...there])]
  return all.length > 0 ? all : Object.keys(languageNames)
}

/** The value without a member, or nothing when it was the last. */
const without = <T,>(members: Record<string, T>, name: string): Record<string, T> | undefined => {
  const kept = Object.entries(members).filter(([key]) => key !== name)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

export function TextsField({ value, set, label, spec }: FieldProps) {
  const { languages, readOnly } = useForm()
  const texts = isTexts(value) ? value : {}
  const isPrompt = !['label'].includes(spec.name)
  return (
    <div className="texts-edit">
      {shownLanguages(languages, value).map((language) => {
        const name = languageNames[language] ?? language
        const text = texts[language] ?? ''
        return (
          <div key={language} className="text-edit">
            <div className="row text-head">
              <span className="muted spread">{name}</span>
              {isPrompt && <Hear text={text} language={language} />}
            </div>
            <Input.TextArea
              lang={language}
              aria-label={`${label}, ${name}`}
              autoSize={{ minRows: isPrompt ? 2 : 1, maxRows: 10 }}
              readOnly={readOnly}
              value={text}
              onChange={(event) => set(event.target.value === '' ? without(texts, language) : { ...texts, [language]: event.target.value })}
            />
          </div>
        )
      })}
    </div>
  )
}

export function TextsListField({ spec, value, set, path, label }: FieldProps) {
  const { t } = useTranslation()
  const { readOnly } = useForm()
  const items = Array.isArray(value) ? (value as unknown[]) : []
  const put = (next: unknown[]) => set(next.length === 0 ? undefined : next)
  return (
    <div className="list-edit">
      {items.map((item, index) => (
        <div key={index} className="list-item" data-field={`${path}/${index}`}>
          <div className="row">
            <span className="muted spread num">{t('editor.nth', { n: index + 1 })}</span>
            {!readOnly && (
              <Button
                type="text"
                size="small"
                icon={<Trash2 size={13} />}
                aria-label={`${t('editor.remove')}: ${label} ${index + 1}`}
                onClick={() => put(items.filter((_item, at) => at !== index))}
              />
            )}
          </div>
          <TextsField
            spec={spec}
            value={item}
            path={`${path}/${index}`}
            label={`${label} ${index + 1}`}
            set={(next) => put(items.map((one, at) => (at === index ? (next ?? {}) : one)))}
          />
          <Found path={`${path}/${index}`} kind="texts" />
        </div>
      ))}
      {!readOnly && (
        <Button size="small" icon={<Plus size={13} />} onClick={() => put([...items, {}])}>
          {t('editor.add_to', { what: label })}
        </Button>
      )}
    </div>
  )
}

export function PhrasesField({ value, set, label }: FieldProps) {
  const { t } = useTranslation()
  const { languages, readOnly } = useForm()
  const lists = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  return (
    <div className="texts-edit">
      {shownLanguages(languages, value).map((language) => {
        const name = languageNames[language] ?? language
        const phrases = lists[language]
        return (
          <div key={language} className="text-edit" lang={language}>
            <span className="muted">{name}</span>
            <Select
              mode="tags"
              open={false}
              suffixIcon={null}
              aria-label={`${label}, ${name}`}
              placeholder={t('editor.phrases_hint')}
              disabled={readOnly}
              value={isStrings(phrases) ? phrases : []}
              onChange={(next: string[]) => set(next.length === 0 ? without(lists, language) : { ...lists, [language]: next })}
            />
          </div>
        )
      })}
    </div>
  )
}

/** Names of the flow's intents, and others that it does not have yet; or texts such as tags. */
export function NamesField({ spec, value, set, label }: FieldProps) {
  const { t } = useTranslation()
  const { intents, readOnly } = useForm()
  const isIntents = spec.type.kind === 'intents'
  return (
    <Select
      mode="tags"
      className="field-wide"
      aria-label={label}
      disabled={readOnly}
      placeholder={t(isIntents ? 'editor.all_intents' : 'editor.phrases_hint')}
      {...(isIntents ? { options: [...intents], popupMatchSelectWidth: false } : { open: false, suffixIcon: null })}
      value={isStrings(value) ? value : []}
      onChange={(next: string[]) => set(next.length === 0 ? undefined : next)}
    />
  )
}

/** Texts by name, such as headers. */
export function MapField({ value, set, label }: FieldProps) {
  const { t } = useTranslation()
  const { readOnly } = useForm()
  const pairs = Object.entries(isTexts(value) ? value : {})
  const put = (next: [string, string][]) => set(next.length === 0 ? undefined : Object.fromEntries(next))
  return (
    <div className="list-edit">
      {pairs.map(([name, text], index) => (
        <div key={index} className="row">
          <Input
            className="mono"
            aria-label={`${label}: ${t('editor.map_name')}`}
            readOnly={readOnly}
            value={name}
            onChange={(event) => put(pairs.map((pair, at) => (at === index ? [event.target.value, text] : pair)))}
          />
          <Input
            className="mono"
            aria-label={`${label}: ${name}`}
            readOnly={readOnly}
            value={text}
            onChange={(event) => put(pairs.map((pair, at) => (at === index ? [name, event.target.value] : pair)))}
          />
          {!readOnly && (
            <Button
              type="text"
              size="small"
              icon={<Trash2 size={13} />}
              aria-label={`${t('editor.remove')}: ${name}`}
              onClick={() => put(pairs.filter((_pair, at) => at !== index))}
            />
          )}
        </div>
      ))}
      {!readOnly && (
        <Button size="small" icon={<Plus size={13} />} disabled={pairs.some(([name]) => name === '')} onClick={() => put([...pairs, ['', '']])}>
          {t('editor.add_to', { what: label })}
        </Button>
      )}
    </div>
  )
}
