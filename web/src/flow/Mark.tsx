/** How something stands against another version: by colour, by sign and by word. */
import { Minus, Pencil, Plus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Stands } from './edit/difference'

const ICONS = { added: Plus, removed: Minus, changed: Pencil }

export function Mark({ stands, named = false }: { stands: Stands; named?: boolean }) {
  const { t } = useTranslation()
  const Icon = ICONS[stands]
  return (
    <span className={`stands stands-${stands}`} title={t(`editor.stands_${stands}`)}>
      <Icon size={12} aria-hidden />
      <span className={named ? undefined : 'sr'}>{t(`editor.stands_${stands}`)}</span>
    </span>
  )
}
