/** One block to fill in: its name, what is wrong with it, its fields, and where its edges lead. */
import { Button, Dropdown, Input, type MenuProps } from 'antd'
import { Copy, Ellipsis, Trash2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../../../lib/format'
import type { Block, FieldSpec } from '../../document'
import { BlockIcon } from '../../BlockIcon'
import { homeOf, MAIN, startOf } from '../../parts'
import { beginAt, duplicate, isName, land, nameFrom, renameBlock } from '../blocks'
import { useEdit, useEdited, useSpec } from '../context'
import { namesOf } from '../draft'
import { setParam } from '../params'
import { useRegistryWords } from '../words'
import { Field } from './Field'
import { FormContext, useForm } from './form'
import { FindingLine } from './Found'
import { Ways } from './Ways'

function Name({ block }: { block: Block }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const [typed, setTyped] = useState<string>()
  const name = typed === undefined ? block.id : isName(typed) ? typed : nameFrom(typed)
  const isTaken = name !== block.id && namesOf(edit.draft()).has(name)
  const take = () => {
    setTyped(undefined)
    if (name === block.id || name === '' || isTaken) return
    edit.change((draft) => renameBlock(draft, block.id, name))
    edit.select([name])
  }
  return (
    <>
      <Input
        className="block-name"
        variant="borderless"
        aria-label={t('editor.block_name')}
        title={t('editor.name_help')}
        spellCheck={false}
        data-own-undo={typed !== undefined || undefined}
        value={typed ?? words(block.id)}
        status={isTaken ? 'error' : undefined}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={take}
        onPressEnter={(event) => event.currentTarget.blur()}
      />
      {isTaken && <p className="field-wrong">{t('editor.name_taken', { name })}</p>}
    </>
  )
}

function More({ block, remove, copy }: { block: Block; remove: () => void; copy: () => void }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const draft = useEdited((now) => now.draft())
  const home = homeOf(draft, block.id)
  const starts = {
    key: 'start',
    label: t(home === MAIN ? 'editor.make_start' : 'flow.make_part_start'),
    disabled: startOf(draft, home) === block.id,
    onClick: () => edit.change((now) => beginAt(now, home, block.id)),
  }
  const roles = (home === MAIN ? (['person', 'hangup'] as const) : []).map((role) => ({
    key: role,
    label: t(`editor.make_${role}`),
    disabled: draft[role] === block.id,
    onClick: () => edit.change((now) => land(now, role, block.id)),
  }))
  const items: MenuProps['items'] = [
    starts,
    ...roles,
    { type: 'divider' },
    {
      key: 'duplicate',
      label: t('editor.duplicate'),
      extra: 'Ctrl D',
      onClick: () => {
        const made = duplicate(draft, [block.id], draft.metadata.layout)
        edit.change(() => made.draft)
        edit.select(made.ids)
      },
    },
    { key: 'copy', icon: <Copy size={14} />, label: t('editor.copy'), extra: 'Ctrl C', onClick: copy },
    { key: 'remove', icon: <Trash2 size={14} />, danger: true, label: t('editor.remove_block'), extra: 'Del', onClick: remove },
  ]
  return (
    <Dropdown trigger={['click']} menu={{ items }} placement="bottomRight">
      <Button type="text" size="small" icon={<Ellipsis size={16} />} aria-label={t('editor.more')} />
    </Dropdown>
  )
}

interface Props {
  block: Block
  remove: () => void
  copy: () => void
}

export function BlockForm({ block, remove, copy }: Props) {
  const { t } = useTranslation()
  const edit = useEdit()
  const spec = useSpec(block.type)
  const draft = useEdited((now) => now.draft())
  const all = useEdited((now) => now.findings())
  const { kind, help } = useRegistryWords()
  const outer = useForm()
  const findings = useMemo(() => all.filter((finding) => finding.block === block.id), [all, block.id])
  const form = useMemo(() => ({ ...outer, findings }), [outer, findings])
  // What stands open stays open while it is typed in and emptied; the choice is made when a block is opened.
  const [open] = useState(() => new Set(Object.keys(block.params)))
  const fields = spec?.fields ?? []
  const isShown = (field: FieldSpec) => field.required || open.has(field.name)
  const unknown = Object.keys(block.params).filter((name) => !fields.some((field) => field.name === name))
  const rest = fields.filter((field) => !isShown(field))
  const whole = findings.filter(({ path }) => path === '' || path === 'type' || path === 'id')
  const set = (name: string) => (value: unknown) =>
    edit.change((now) => setParam(now, block.id, name, value, spec), `${block.id}/${name}`)
  const row = (field: FieldSpec) => (
    <Field key={field.name} spec={field} value={block.params[field.name]} set={set(field.name)} path={`params/${field.name}`} />
  )
  return (
    <FormContext value={form}>
      <header>
        <BlockIcon kind={block.type} category={spec?.category} />
        <div className="spread">
          <Name block={block} />
          <p className="muted block-kind">
            {kind(spec, block.type)} · <span className="mono">{block.id}</span>
            {startOf(draft, homeOf(draft, block.id)) === block.id && ` · ${t('flow.start')}`}
          </p>
        </div>
        <More block={block} remove={remove} copy={copy} />
      </header>
      {spec && <p className="soft">{help(spec)}</p>}
      {whole.map((finding, index) => (
        <FindingLine key={index} finding={finding} />
      ))}
      <section>
        {fields.filter(isShown).map(row)}
        {unknown.map((name) => row({ name, type: { kind: 'json' }, required: false, help_en: '', help_zh: '' }))}
        {rest.length > 0 && (
          <details className="field-edit more-fields">
            <summary>{t('editor.more_fields', { count: rest.length })}</summary>
            {rest.map(row)}
          </details>
        )}
      </section>
      <Ways block={block} spec={spec} />
    </FormContext>
  )
}
