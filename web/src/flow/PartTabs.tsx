/** Which part of a flow is seen: the main flow, or one of its sub-flows. */
import { Waypoints, Workflow } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { SubFlow } from './document'
import { MAIN } from './parts'

interface Props {
  parts: readonly SubFlow[]
  open: string
  enter: (part: string) => void
  /** What can be done with the open part, beside its name. */
  tools?: ReactNode
  /** Instead of the name of the open part. */
  instead?: ReactNode
  children?: ReactNode
}

export function PartTabs({ parts, open, enter, tools, instead, children }: Props) {
  const { t } = useTranslation()
  const tab = (id: string, name: string) => {
    const isOpen = id === open
    return (
      <li key={id} className={isOpen ? 'part-open' : undefined}>
        {isOpen && instead ? (
          instead
        ) : (
          <button type="button" className="part" aria-current={isOpen ? 'true' : undefined} onClick={() => enter(id)}>
            {id === MAIN ? <Waypoints size={14} aria-hidden /> : <Workflow size={14} aria-hidden />}
            <span className="clip">{name}</span>
          </button>
        )}
        {isOpen && tools}
      </li>
    )
  }
  return (
    <nav className="parts" aria-label={t('flow.parts')}>
      <ul>
        {tab(MAIN, t('flow.main'))}
        {parts.map(({ id, name }) => tab(id, name))}
      </ul>
      {children}
    </nav>
  )
}
