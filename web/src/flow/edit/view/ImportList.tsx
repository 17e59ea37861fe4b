/** What became of every step of another system's flow: to be filtered, and each leads to its block. */
import { CircleAlert, CircleCheck, CircleX } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { words } from '../../../lib/format'
import type { ImportItem, ImportStatus } from '../api'

const ICONS = { mapped: CircleCheck, partly: CircleAlert, not_mapped: CircleX }

export function StatusIcon({ status }: { status: ImportStatus }) {
  const { t } = useTranslation()
  const Icon = ICONS[status]
  return <Icon size={14} className={`status-${status}`} aria-label={t(`studio.status.${status}`)} />
}

interface Props {
  items: readonly ImportItem[]
  selected: string | undefined
  choose: (block: string) => void
}

export function ImportList({ items, selected, choose }: Props) {
  const { t } = useTranslation()
  if (items.length === 0) return <p className="muted import-none">{t('studio.none_of_these')}</p>
  return (
    <ul className="import-list">
      {items.map((item, index) => (
        <li key={index} data-status={item.status}>
          <button type="button" className={item.block !== null && item.block === selected ? 'import-item import-chosen' : 'import-item'} disabled={item.block === null} onClick={() => item.block !== null && choose(item.block)}>
            <StatusIcon status={item.status} />
            <span className="spread">
              <span className="row import-names">
                <strong className="clip">{item.source}</strong>
                <span className="muted mono clip">{item.kind}</span>
                {item.block !== null && words(item.block).toLowerCase() !== words(item.source).toLowerCase() && <span className="clip import-block">{`→ ${words(item.block)}`}</span>}
              </span>
              <span className="import-words">{item.message}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  )
}
