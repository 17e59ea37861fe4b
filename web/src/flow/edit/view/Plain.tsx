/** Fields of one value: names, numbers, words from a list, keys, switches, expressions. */
import { Input, InputNumber, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isName, nameFrom } from '../blocks'
import { useRegistryWords } from '../words'
import { useForm, usual, type FieldProps } from './form'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
/** Shown where nothing is written; it does not become part of the document. */
const usually = (props: FieldProps): string | undefined => {
  const value = usual(props.spec)
  if (typeof value === 'string') return value === '' ? undefined : value
  return typeof value === 'number' ? String(value) : undefined
}

export function TextField(props: FieldProps) {
  const { value, set, label, spec } = props
  const { readOnly } = useForm()
  const isCode = ['expression', 'url', 'name'].includes(spec.type.kind)
  return (
    <Input.TextArea
      autoSize={{ minRows: 1, maxRows: 8 }}
      className={isCode ? 'mono' : undefined}
      aria-label={label}
      spellCheck={!isCode}
      readOnly={readOnly}
      placeholder={usually(props) ?? (isCode && spec.example ? textOf(JSON.parse(spec.example)) : undefined)}
      value={textOf(value)}
      onChange={(event) => {
        const text = isCode ? event.target.value.replaceAll('\n', ' ') : event.target.value
        set(text === '' ? undefined : text)
      }}
    />
  )
}

/** A name is taken when the cursor leaves, since half a name may be another edge's. */
export function NameField({ value, set, label, spec }: FieldProps) {
  const { t } = useTranslation()
  const { readOnly } = useForm()
  const [typed, setTyped] = useState<string>()
  const is = textOf(value)
  const take = () => {
    if (typed === undefined) return
    const name = isName(typed) ? typed : nameFrom(typed)
    setTyped(undefined)
    if (name !== is) set(name === '' ? undefined : name)
  }
  return (
    <Input
      className="mono"
      aria-label={label}
      spellCheck={false}
      readOnly={readOnly}
      data-own-undo={typed !== undefined || undefined}
      placeholder={spec.example ? textOf(JSON.parse(spec.example)) : undefined}
      title={t('editor.name_help')}
      value={typed ?? is}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={take}
      onPressEnter={take}
    />
  )
}

export function NumberField(props: FieldProps) {
  const { t } = useTranslation()
  const { value, set, label, spec } = props
  const { readOnly } = useForm()
  const isShare = spec.type.kind === 'share'
  const { min = 0, max = isShare ? 1 : undefined } = spec.type
  return (
    <span className="row">
      <InputNumber
        aria-label={label}
        readOnly={readOnly}
        value={typeof value === 'number' ? value : null}
        min={min}
        max={max}
        step={isShare ? 0.05 : 1}
        precision={isShare ? undefined : 0}
        placeholder={usually(props)}
        onChange={(next) => set(next ?? undefined)}
      />
      {max !== undefined && <span className="muted num">{t('editor.range', { min, max })}</span>}
    </span>
  )
}

export function FlagField({ value, set, label, spec }: FieldProps) {
  const { t } = useTranslation()
  const { readOnly } = useForm()
  const usually = usual(spec) === true
  const is = typeof value === 'boolean' ? value : usually
  return (
    <span className="row">
      <Switch size="small" aria-label={label} disabled={readOnly} checked={is} onChange={(next) => set(next === usually ? undefined : next)} />
      <span className="soft">{t(is ? 'app.yes' : 'app.no')}</span>
    </span>
  )
}

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '*', '#']

/** One of a few: words of the registry, keys of the telephone, queues of the flow. */
export function OneField(props: FieldProps) {
  const { t } = useTranslation()
  const { value, set, label, spec } = props
  const { queues, readOnly } = useForm()
  const { choice } = useRegistryWords()
  const { kind } = spec.type
  const options =
    kind === 'key'
      ? KEYS.map((key) => ({ value: key, label: key }))
      : kind === 'queue'
        ? queues
        : (spec.type.words ?? []).map((word) => ({ value: word, label: choice(word) }))
  const usually_ = usually(props)
  return (
    <Select
      className="field-one"
      aria-label={label}
      allowClear={!spec.required}
      disabled={readOnly}
      popupMatchSelectWidth={false}
      showSearch={options.length > 8}
      placeholder={usually_ === undefined ? t('editor.choose') : choice(usually_)}
      value={typeof value === 'string' ? value : undefined}
      options={[...options]}
      onChange={(next: string | undefined) => set(next)}
    />
  )
}

/** Any JSON; what cannot be read yet stays in the field and goes no further. */
export function JsonField({ value, set, label }: FieldProps) {
  const { t } = useTranslation()
  const { readOnly } = useForm()
  const [typed, setTyped] = useState<string>()
  const is = value === undefined ? '' : JSON.stringify(value, null, 2)
  const [wrong, setWrong] = useState(false)
  const take = (text: string) => {
    setTyped(text)
    try {
      set(text.trim() === '' ? undefined : (JSON.parse(text) as unknown))
      setWrong(false)
    } catch {
      setWrong(true)
    }
  }
  return (
    <>
      <Input.TextArea
        className="mono"
        autoSize={{ minRows: 2, maxRows: 12 }}
        aria-label={label}
        spellCheck={false}
        readOnly={readOnly}
        status={wrong ? 'error' : undefined}
        value={typed ?? is}
        onChange={(event) => take(event.target.value)}
        onBlur={() => !wrong && setTyped(undefined)}
      />
      {wrong && <p className="field-wrong">{t('editor.no_json')}</p>}
    </>
  )
}
