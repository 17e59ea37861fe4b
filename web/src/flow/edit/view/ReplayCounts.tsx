/** How many calls go the same way, and how many do not: by colour, by sign and by word. */
import { Check, CircleSlash, GitFork, MoveRight } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Replay, Replayed } from '../api'

const ICONS = { same: Check, moved: MoveRight, diverged: GitFork, skipped: CircleSlash }

export function Fate({ status }: { status: Replayed['status'] }) {
  const { t } = useTranslation()
  const Icon = ICONS[status]
  return (
    <span className={`chip fate fate-${status}`} title={t(`studio.fate_help.${status}`)}>
      <Icon size={12} aria-hidden />
      {t(`studio.fate.${status}`)}
    </span>
  )
}

export function ReplayCounts({ found, chosen, choose }: { found: Replay; chosen?: Replayed['status'] | undefined; choose?: (status: Replayed['status'] | undefined) => void }) {
  const { t } = useTranslation()
  return (
    <ul className="fates" aria-label={t('studio.replayed', { count: found.calls })}>
      {(['same', 'moved', 'diverged', 'skipped'] as const).map((status) => {
        const number = <strong className="num">{found[status]}</strong>
        return (
          <li key={status} data-fate={status}>
            {choose && status !== 'same' && found[status] > 0 ? (
              <button type="button" className="fate-count" aria-pressed={chosen === status} onClick={() => choose(chosen === status ? undefined : status)}>
                {number} <Fate status={status} />
              </button>
            ) : (
              <span className="fate-count">
                {number} <Fate status={status} />
              </span>
            )}
          </li>
        )
      })}
    </ul>
  )
}
