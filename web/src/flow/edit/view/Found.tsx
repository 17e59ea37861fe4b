/** What was found about a field, in words, below it. */
import { CircleX, TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Placed } from '../findings'
import { useFound } from './form'
import { useFindingWords } from './findingWords'

export function FindingLine({ finding }: { finding: Placed }) {
  const { t } = useTranslation()
  const say = useFindingWords()
  const isError = finding.severity === 'error'
  const { message, fix } = say(finding)
  return (
    <p className={`found ${isError ? 'found-error' : 'found-warning'}`}>
      {isError ? <CircleX size={13} aria-label={t('editor.error')} /> : <TriangleAlert size={13} aria-label={t('editor.warning')} />}
      <span>
        {message} <span className="found-fix">{fix}</span>
      </span>
    </p>
  )
}

export function Found({ path, kind }: { path: string; kind: string }) {
  const found = useFound(path, kind)
  return found.map((finding, index) => <FindingLine key={index} finding={finding} />)
}
