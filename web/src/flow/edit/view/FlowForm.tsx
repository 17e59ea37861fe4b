/** The flow itself: its name, where callers land, and what its blocks can name. Shown while no block is selected. */
import { Input, Select } from 'antd'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../../../lib/format'
import type { FieldSpec } from '../../document'
import { blocksOf, MAIN } from '../../parts'
import { land } from '../blocks'
import { useEdit, useEdited } from '../context'
import { setMember } from '../params'
import { Field } from './Field'
import { FormContext, useForm } from './form'
import { Found } from './Found'

const plain = (name: string, kind: string, required = false): FieldSpec => ({ name, type: { kind }, required, help_en: '', help_zh: '' })
const ROLES = ['start', 'person', 'hangup'] as const

function Member({ name, help, children }: { name: string; help?: string; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <div className="field-edit" data-field={name}>
      <h3>{t(`editor.flow_${name}`)}</h3>
      {help && <p className="field-help">{help}</p>}
      {children}
      <Found path={name} kind="" />
    </div>
  )
}

export function FlowForm() {
  const { t } = useTranslation()
  const edit = useEdit()
  const draft = useEdited((now) => now.draft())
  const all = useEdited((now) => now.findings())
  const outer = useForm()
  const form = useMemo(() => ({ ...outer, findings: all.filter(({ block }) => block === null) }), [outer, all])
  const main = blocksOf(draft, MAIN)
  const blocks = useMemo(() => main.map(({ id }) => ({ value: id, label: words(id) })).sort((a, b) => a.label.localeCompare(b.label)), [main])
  const set = (name: string) => (value: unknown) => edit.change((now) => setMember(now, name, value), `flow/${name}`)
  const table = (name: string, columns: FieldSpec[]): FieldSpec => {
    const help = t(`editor.flow_${name}_help`)
    return { name, type: { kind: 'rows', columns }, required: false, help_en: help, help_zh: help }
  }
  return (
    <FormContext value={form}>
      <header>
        <div className="spread">
          <h2>{t('editor.the_flow')}</h2>
          <p className="muted">{t('editor.flow_hint')}</p>
        </div>
      </header>
      <section>
        <Member name="name">
          <Input aria-label={t('editor.flow_name')} value={draft.name} onChange={(event) => set('name')(event.target.value)} />
        </Member>
        {ROLES.map((role) => (
          <Member key={role} name={role} help={t(`editor.flow_${role}_help`)}>
            <Select
              className="field-wide"
              allowClear
              showSearch={{ optionFilterProp: 'label' }}
              aria-label={t(`editor.flow_${role}`)}
              placeholder={t('editor.choose_block')}
              value={draft[role] || undefined}
              options={blocks}
              onChange={(id: string | undefined) => edit.change((now) => land(now, role, id))}
            />
          </Member>
        ))}
        <Member name="languages" help={t('editor.flow_languages_help')}>
          <Select
            className="field-wide"
            mode="multiple"
            aria-label={t('editor.flow_languages')}
            value={[...draft.languages]}
            options={[
              { value: 'en', label: t('prompt.language_en') },
              { value: 'zh-CN', label: t('prompt.language_zh') },
            ]}
            onChange={(next: string[]) => set('languages')(next)}
          />
        </Member>
        <Field spec={table('queues', [plain('id', 'name', true), plain('name', 'template', true)])} value={draft.queues} set={(value) => set('queues')(value ?? [])} path="queues" />
        <Field
          spec={table('intents', [plain('name', 'name', true), plain('label', 'texts'), plain('examples', 'phrases')])}
          value={draft.intents}
          set={(value) => set('intents')(value ?? [])}
          path="intents"
        />
        <Field
          spec={table('variables', [plain('name', 'name', true), plain('default', 'json'), plain('help', 'template')])}
          value={draft.variables}
          set={set('variables')}
          path="variables"
        />
      </section>
    </FormContext>
  )
}
