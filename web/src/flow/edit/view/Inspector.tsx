/** What is selected, to be filled in: a block, several, or the flow itself. Puts the cursor where a finding says. */
import { Button } from 'antd'
import { Copy, Trash2 } from 'lucide-react'
import { useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../../lib/hooks'
import { useEdited } from '../context'
import { blockOf } from '../draft'
import { BlockForm } from './BlockForm'
import { FlowForm } from './FlowForm'
import { FormContext, type Form } from './form'

/** The control of a path, or of the nearest part of it that has one. */
function fieldAt(box: HTMLElement, path: string): HTMLElement | null {
  for (let part = path; part !== ''; part = part.includes('/') ? part.slice(0, part.lastIndexOf('/')) : '') {
    const field = box.querySelector<HTMLElement>(`[data-field="${CSS.escape(part)}"]`)
    if (field) return field
  }
  return null
}

interface Props {
  remove: () => void
  copy: () => void
}

export function Inspector({ remove, copy }: Props) {
  const { t } = useTranslation()
  const language = useLanguage()
  const box = useRef<HTMLElement>(null)
  const draft = useEdited((now) => now.draft())
  const selected = useEdited((now) => now.selected())
  const focus = useEdited((now) => now.focus())
  const { languages, intents, queues, sub_flows } = draft
  const form = useMemo<Form>(
    () => ({
      findings: [],
      languages,
      intents: intents.map(({ name, label }) => ({ value: name, label: label?.[language] ? `${name} · ${label[language]}` : name })),
      queues: queues.map(({ id, name }) => ({ value: id, label: name || id })),
      subFlows: sub_flows.map(({ id, name }) => ({ value: id, label: name })),
      readOnly: false,
    }),
    [languages, intents, queues, sub_flows, language],
  )
  useEffect(() => {
    if (!focus || !box.current) return
    const field = fieldAt(box.current, focus.path)
    const details = field?.closest('details')
    if (details) details.open = true
    field?.scrollIntoView({ block: 'center' })
    field?.querySelector<HTMLElement>('input, textarea, button:not([aria-label])')?.focus({ preventScroll: true })
  }, [focus])
  const [only] = selected.length === 1 ? selected : []
  const block = only === undefined ? undefined : blockOf(draft, only)
  return (
    <aside ref={box} className="inspector-side" aria-label={t('editor.inspector')}>
      <div className="inspector inspector-edit">
        <FormContext value={form}>
          {block && <BlockForm key={block.id} block={block} remove={remove} copy={copy} />}
          {!block && selected.length > 1 && (
            <>
              <h2>{t('editor.several', { count: selected.length })}</h2>
              <div className="row">
                <Button icon={<Copy size={14} />} onClick={copy}>
                  {t('editor.copy')}
                </Button>
                <Button danger icon={<Trash2 size={14} />} onClick={remove}>
                  {t('editor.remove')}
                </Button>
              </div>
            </>
          )}
          {selected.length === 0 && <FlowForm />}
        </FormContext>
      </div>
    </aside>
  )
}
