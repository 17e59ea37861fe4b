/** Everything that was found about the draft, below the canvas; each leads to the field that it is about. */
import { ChevronDown, ChevronUp, CircleCheck, CircleX, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../../../lib/format'
import { useEdit, useEdited } from '../context'
import { blockOf } from '../draft'
import { fieldOf, total, type Placed } from '../findings'
import { useFindingWords } from './findingWords'

function Row({ finding }: { finding: Placed }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const say = useFindingWords()
  const { message, fix } = say(finding)
  const isError = finding.severity === 'error'
  const go = () => {
    const block = finding.block === null ? undefined : blockOf(edit.draft(), finding.block)
    edit.goTo(finding.block, fieldOf(finding, block, block && edit.specs.get(block.type)))
  }
  return (
    <li>
      <button type="button" className="finding" data-code={finding.code} onClick={go}>
        {isError ? <CircleX size={14} className="is-error" aria-label={t('editor.error')} /> : <TriangleAlert size={14} className="is-warning" aria-label={t('editor.warning')} />}
        <strong className="clip">{finding.block === null ? t('editor.the_flow') : words(finding.block)}</strong>
        <span className="finding-words">
          {message} <span className="muted">{fix}</span>
        </span>
      </button>
    </li>
  )
}

export function FindingsBar() {
  const { t } = useTranslation()
  const findings = useEdited((now) => now.findings())
  const [isOpen, setOpen] = useState(false)
  const { errors, warnings } = total(findings)
  if (findings.length === 0) {
    return (
      <div className="findings">
        <p className="findings-head row is-good">
          <CircleCheck size={14} aria-hidden />
          {t('editor.all_well')}
        </p>
      </div>
    )
  }
  return (
    <section className="findings" aria-label={t('editor.findings')}>
      <button type="button" className="findings-head row" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {errors > 0 && (
          <span className="row is-error">
            <CircleX size={14} aria-hidden />
            {t('editor.errors', { count: errors })}
          </span>
        )}
        {warnings > 0 && (
          <span className="row is-warning">
            <TriangleAlert size={14} aria-hidden />
            {t('editor.warnings', { count: warnings })}
          </span>
        )}
        <span className="spread" />
        {isOpen ? <ChevronDown size={15} aria-hidden /> : <ChevronUp size={15} aria-hidden />}
      </button>
      {isOpen && (
        <ul className="findings-list">
          {findings.map((finding, index) => (
            <Row key={index} finding={finding} />
          ))}
        </ul>
      )}
    </section>
  )
}
