/** One field of a block, by what the registry says of it: its name, its control, its help, and what was found about it. */
import { Button } from 'antd'
import { ArrowDown, ArrowUp, ChevronDown, ChevronRight, CircleX, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FieldSpec } from '../../document'
import { DAYS } from '../calendar'
import { useEdited } from '../context'
import { isMembers } from '../draft'
import { MANY_ROWS, rowInWords } from '../rows'
import { useRegistryWords } from '../words'
import { useForm, type FieldProps } from './form'
import { useLanguage } from '../../../lib/hooks'
import { Found } from './Found'
import { MapField, NamesField, PhrasesField, TextsField, TextsListField } from './Lists'
import { SubFlowField } from './SubFlowField'
import { DateField, TimeField, WeekdaysField } from './Times'
import { FlagField, JsonField, NameField, NumberField, OneField, TextField } from './Plain'

/** What a value must be for its control to show it; anything else is shown as JSON, so that nothing is hidden or lost. */
const holds: Record<string, (value: unknown) => boolean> = {
  texts: isMembers,
  phrases: isMembers,
  template_map: isMembers,
  texts_list: Array.isArray,
  templates: Array.isArray,
  intents: Array.isArray,
  rows: (value) => Array.isArray(value) && value.every(isMembers),
  integer: (value) => typeof value === 'number',
  share: (value) => typeof value === 'number',
  flag: (value) => typeof value === 'boolean',
  weekdays: (value) => Array.isArray(value) && value.every((day) => DAYS.some((known) => known === day)),
}
const controls: Record<string, (props: FieldProps) => React.ReactNode> = {
  texts: TextsField,
  texts_list: TextsListField,
  phrases: PhrasesField,
  template: TextField,
  url: TextField,
  expression: TextField,
  templates: NamesField,
  intents: NamesField,
  template_map: MapField,
  json: JsonField,
  name: NameField,
  edge: NameField,
  key: OneField,
  choice: OneField,
  queue: OneField,
  integer: NumberField,
  share: NumberField,
  flag: FlagField,
  rows: RowsField,
  weekdays: WeekdaysField,
  time: TimeField,
  date: DateField,
  sub_flow: SubFlowField,
}

/** Cells that stand beside their name. */
const LINES = new Set(['key', 'edge', 'name', 'choice', 'flag', 'expression', 'integer', 'share'])
/** Cells of which two stand side by side. */
const HALVES = new Set(['time', 'date'])

function Control(props: FieldProps) {
  const { kind } = props.spec.type
  const fits = holds[kind] ?? ((value: unknown) => typeof value === 'string' || kind === 'json')
  const Chosen = (props.value === undefined || fits(props.value) ? controls[kind] : undefined) ?? JsonField
  return <Chosen {...props} />
}

function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const next = [...items]
  const [item] = next.splice(from, 1)
  if (item !== undefined) next.splice(to, 0, item)
  return next
}

/** Of a long table one row is open: the one that was opened, or that a finding is about. */
function useOpenRow(path: string) {
  const focus = useEdited((now) => now.focus())
  const [open, setOpen] = useState<number>()
  const [turn, setTurn] = useState<number>()
  if (focus && focus.turn !== turn) {
    setTurn(focus.turn)
    const [index] = focus.path.startsWith(`${path}/`) ? focus.path.slice(path.length + 1).split('/') : []
    if (index !== undefined && /^\d+$/.test(index)) setOpen(Number(index))
  }
  return { open, toggle: (index: number) => setOpen(open === index ? undefined : index) }
}

function RowsField({ spec, value, set, path, label }: FieldProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { readOnly, findings } = useForm()
  const { field: nameOf } = useRegistryWords()
  const rows = Array.isArray(value) ? (value as Record<string, unknown>[]) : []
  const put = (next: Record<string, unknown>[]) => set(next.length === 0 ? undefined : next)
  const change = (index: number, name: string, cell: unknown) =>
    put(
      rows.map((row, at) => {
        if (at !== index) return row
        if (cell !== undefined) return { ...row, [name]: cell }
        return Object.fromEntries(Object.entries(row).filter(([other]) => other !== name))
      }),
    )
  const { open, toggle } = useOpenRow(path)
  const isLong = rows.length > MANY_ROWS
  const columns = spec.type.columns ?? []
  const tool = (name: string, icon: React.ReactNode, index: number, act: () => void, isOff = false) => (
    <Button type="text" size="small" icon={icon} disabled={isOff} aria-label={`${name}: ${label} ${index + 1}`} title={name} onClick={act} />
  )
  return (
    <div className="list-edit">
      {rows.map((row, index) => (
        <div key={index} className={`list-item${isLong && open !== index ? ' list-closed' : ''}`} data-field={`${path}/${index}`}>
          <div className="row list-head">
            {isLong ? (
              <button type="button" className="row spread list-row" aria-expanded={open === index} onClick={() => toggle(index)}>
                {open === index ? <ChevronDown size={13} aria-hidden /> : <ChevronRight size={13} aria-hidden />}
                <span className="muted num">{t('editor.nth', { n: index + 1 })}</span>
                <span className="clip">{rowInWords(row, columns, language)}</span>
                {findings.some((found) => found.severity === 'error' && found.path.startsWith(`${path}/${index}/`)) && (
                  <CircleX size={13} className="is-error" aria-label={t('editor.error')} />
                )}
              </button>
            ) : (
              <span className="muted spread num">{t('editor.nth', { n: index + 1 })}</span>
            )}
            {!readOnly && (
              <>
                {tool(t('editor.up'), <ArrowUp size={13} />, index, () => put(moved(rows, index, index - 1)), index === 0)}
                {tool(t('editor.down'), <ArrowDown size={13} />, index, () => put(moved(rows, index, index + 1)), index === rows.length - 1)}
                {tool(t('editor.remove'), <Trash2 size={13} />, index, () => put(rows.filter((_row, at) => at !== index)))}
              </>
            )}
          </div>
          {(!isLong || open === index) && columns.map((column) => (
            <Field
              key={column.name}
              spec={column}
              value={row[column.name]}
              path={`${path}/${index}/${column.name}`}
              label={`${nameOf(column.name)} ${index + 1}`}
              set={(cell) => change(index, column.name, cell)}
              inRow
            />
          ))}
          <Found path={`${path}/${index}`} kind="rows" />
        </div>
      ))}
      {!readOnly && (
        <Button size="small" icon={<Plus size={13} />} onClick={() => {
            put([...rows, {}])
            toggle(rows.length)
          }}>
          {t('editor.add_to', { what: label })}
        </Button>
      )}
    </div>
  )
}

interface Props {
  spec: FieldSpec
  value: unknown
  set: (value: unknown) => void
  path: string
  label?: string
  inRow?: boolean
}

export function Field({ spec, value, set, path, label, inRow = false }: Props) {
  const { t } = useTranslation()
  const { field: nameOf, help } = useRegistryWords()
  const name = nameOf(spec.name)
  const isMissing = spec.required && value === undefined
  const { kind } = spec.type
  const place = !inRow ? '' : LINES.has(kind) ? ' field-line' : HALVES.has(kind) ? ' field-half' : ''
  return (
    <div className={`field-edit${inRow ? ' field-cell' : ''}${place}`} data-field={path}>
      <div className="field-name" title={inRow ? help(spec) : undefined}>
        {inRow ? <span className="muted">{name}</span> : <h3>{name}</h3>}
        {isMissing && <span className="needed">{t('editor.needed')}</span>}
      </div>
      {!inRow && help(spec) !== '' && <p className="field-help">{help(spec)}</p>}
      <Control spec={spec} value={value} set={set} path={path} label={label ?? name} />
      <Found path={path} kind={kind} />
    </div>
  )
}
