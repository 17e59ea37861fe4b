/** Which kind of block comes next: asked where an edge was let go over nothing. */
import type { XYPosition } from '@xyflow/react'
import { useMemo } from 'react'
import { createPortal } from 'react-dom'
import { useTranslation } from 'react-i18next'
import { BlockIcon } from '../../BlockIcon'
import { useEdit } from '../context'
import { useRegistryWords } from '../words'
import { Finder } from './Finder'

const SIZE = { width: 260, height: 330 }

export function QuickAdd({ point, take, close }: { point: XYPosition; take: (kind: string) => void; close: () => void }) {
  const { t } = useTranslation()
  const { specs } = useEdit()
  const { kind, category } = useRegistryWords()
  const items = useMemo(
    () =>
      [...specs.values()].map((spec) => ({
        key: spec.name,
        label: kind(spec, spec.name),
        note: category(spec.category),
        icon: <BlockIcon kind={spec.name} category={spec.category} />,
        words: `${spec.name} ${spec.title_en} ${spec.title_zh} ${category(spec.category)}`.toLowerCase(),
      })),
    [specs, kind, category],
  )
  const left = Math.max(8, Math.min(point.x - 20, window.innerWidth - SIZE.width - 8))
  const top = Math.max(8, Math.min(point.y, window.innerHeight - SIZE.height - 8))
  return createPortal(
    <div className="quick-add" style={{ left, top, width: SIZE.width, maxHeight: SIZE.height }}>
      <Finder label={t('editor.what_next')} items={items} take={take} close={close} eager />
    </div>,
    document.body,
  )
}
