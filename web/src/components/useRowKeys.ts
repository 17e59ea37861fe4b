import { useKeys } from '../lib/hooks'

/** j and k walk the rows of a list (elements marked `data-row`); Enter opens the focused one, as on any link. */
export function useRowKeys(more: Record<string, (event: KeyboardEvent) => void> = {}): void {
  const walk = (step: 1 | -1) => {
    const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')]
    const index = rows.indexOf(document.activeElement as HTMLElement)
    const next = rows[index === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, index + step))]
    next?.focus()
    next?.scrollIntoView({ block: 'nearest' })
  }
  useKeys({ j: () => walk(1), k: () => walk(-1), ...more })
}
