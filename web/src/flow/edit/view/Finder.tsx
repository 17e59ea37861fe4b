/** A field to type into and the list of what fits: arrows walk, Enter takes, Escape leaves. */
import { Search } from 'lucide-react'
import { useId, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

export interface Found {
  key: string
  label: string
  note?: string
  icon?: ReactNode
  /** Everything that it can be found by. */
  words: string
}

interface Props {
  label: string
  items: readonly Found[]
  /** Shown as it is walked to, before it is taken. */
  look?: (key: string) => void
  take: (key: string) => void
  close: () => void
  /** Whether everything is shown before anything is typed. */
  eager?: boolean
}

const MOST = 40

export function Finder({ label, items, look, take, close, eager = false }: Props) {
  const { t } = useTranslation()
  const list = useId()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const found = useMemo(() => {
    const wanted = text.toLowerCase().split(/\s+/).filter(Boolean)
    if (wanted.length === 0 && !eager) return []
    return items.filter(({ words }) => wanted.every((word) => words.includes(word))).slice(0, MOST)
  }, [items, text, eager])
  const walk = (to: number) => {
    const next = found.length === 0 ? 0 : (to + found.length) % found.length
    setAt(next)
    const item = found[next]
    if (item) {
      look?.(item.key)
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: 'nearest' })
    }
  }
  const pressed = (event: KeyboardEvent) => {
    const { key } = event
    if (key === 'Escape') close()
    else if (key === 'ArrowDown') walk(at + 1)
    else if (key === 'ArrowUp') walk(at - 1)
    else if (key === 'Enter' && !event.nativeEvent.isComposing) {
      const item = found[at]
      if (item) take(item.key)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div className="finder nokey" role="search" onKeyDown={pressed}>
      <div className="finder-field">
        <Search size={14} aria-hidden />
        <input
          ref={(field) => field?.focus()}
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls={list}
          aria-activedescendant={found[at] ? `${list}-${at}` : undefined}
          aria-label={label}
          placeholder={label}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onBlur={(event) => {
            if (!event.currentTarget.closest('.finder')?.contains(event.relatedTarget)) close()
          }}
        />
      </div>
      <ul id={list} role="listbox" aria-label={label}>
        {found.map((item, index) => (
          <li
            key={item.key}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === at}
            className={index === at ? 'finder-at' : undefined}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(item.key)}
            onMouseEnter={() => setAt(index)}
          >
            {item.icon}
            <span className="spread clip">{item.label}</span>
            {item.note && <span className="muted clip">{item.note}</span>}
          </li>
        ))}
        {text !== '' && found.length === 0 && <li className="muted finder-none">{t('editor.nothing_found')}</li>}
      </ul>
    </div>
  )
}
