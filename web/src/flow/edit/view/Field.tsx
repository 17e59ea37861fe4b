/** One field of a block, by what the registry says of it: its name, its control, its help, and what was found about it. */
import { Button } from 'antd'
import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { FieldSpec } from '../../document'
import { isMembers } from '../draft'
import { useRegistryWords } from '../words'
import { useForm, type FieldProps } from './form'
import { Found } from './Found'
import { MapField, NamesField, PhrasesField, TextsField, TextsListField } from './Lists'
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
}

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

function RowsField({ spec, value, set, path, label }: FieldProps) {
  const { t } = useTranslation()
  const { readOnly } = useForm()
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
  const tool = (name: string, icon: React.ReactNode, index: number, act: () => void, isOff = false) => (
    <Button type="text" size="small" icon={icon} disabled={isOff} aria-label={`${name}: ${label} ${index + 1}`} title={name} onClick={act} />
  )
  return (
    <div className="list-edit">
      {rows.map((row, index) => (
        <div key={index} className="list-item" data-field={`${path}/${index}`}>
          <div className="row list-head">
            <span className="muted spread num">{t('editor.nth', { n: index + 1 })}</span>
            {!readOnly && (
              <>
                {tool(t('editor.up'), <ArrowUp size={13} />, index, () => put(moved(rows, index, index - 1)), index === 0)}
                {tool(t('editor.down'), <ArrowDown size={13} />, index, () => put(moved(rows, index, index + 1)), index === rows.length - 1)}
                {tool(t('editor.remove'), <Trash2 size={13} />, index, () => put(rows.filter((_row, at) => at !== index)))}
              </>
            )}
          </div>
          {(spec.type.columns ?? []).map((column) => (
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
        <Button size="small" icon={<Plus size={13} />} onClick={() => put([...rows, {}])}>
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
  const isLine = inRow && ['key', 'edge', 'name', 'choice', 'flag', 'expression'].includes(spec.type.kind)
  return (
    <div className={`field-edit${inRow ? ' field-cell' : ''}${isLine ? ' field-line' : ''}`} data-field={path}>
      <div className="field-name" title={inRow ? help(spec) : undefined}>
        {inRow ? <span className="muted">{name}</span> : <h3>{name}</h3>}
        {isMissing && <span className="needed">{t('editor.needed')}</span>}
      </div>
      {!inRow && help(spec) !== '' && <p className="field-help">{help(spec)}</p>}
      <Control spec={spec} value={value} set={set} path={path} label={label ?? name} />
      <Found path={path} kind={spec.type.kind} />
    </div>
  )
}
