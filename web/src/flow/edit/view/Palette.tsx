/** The kinds of block, by what they are for: pulled onto the canvas, or added after the selected block with a click or Enter. */
import { useMemo, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { BlockSpec } from '../../document'
import { BlockIcon } from '../../BlockIcon'
import { useEdit } from '../context'
import { useRegistryWords } from '../words'

export const KIND = 'application/x-hotline-block'

/** Arrows walk through the kinds, whatever drawer they are in. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return
  const kinds = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-kind]')]
  kinds.at((kinds.indexOf(document.activeElement as HTMLElement) + step) % kinds.length)?.focus()
  event.preventDefault()
}

export function Palette({ add }: { add: (kind: string) => void }) {
  const { t } = useTranslation()
  const { specs } = useEdit()
  const { kind, help, category } = useRegistryWords()
  const drawers = useMemo(() => {
    const found = new Map<string, BlockSpec[]>()
    for (const spec of specs.values()) found.set(spec.category, [...(found.get(spec.category) ?? []), spec])
    return [...found]
  }, [specs])
  return (
    <nav className="palette" aria-label={t('editor.palette')} onKeyDown={walk}>
      {drawers.map(([name, kinds]) => (
        <section key={name}>
          <h2>{category(name)}</h2>
          {kinds.map((spec) => (
            <button
              key={spec.name}
              type="button"
              draggable
              data-kind={spec.name}
              title={help(spec)}
              onClick={() => add(spec.name)}
              onDragStart={(event) => {
                event.dataTransfer.setData(KIND, spec.name)
                event.dataTransfer.effectAllowed = 'copy'
              }}
            >
              <BlockIcon kind={spec.name} category={spec.category} />
              <span className="clip">{kind(spec, spec.name)}</span>
            </button>
          ))}
        </section>
      ))}
    </nav>
  )
}
