/** The entries of a list; of a long one only those in sight exist. Arrows walk from an entry to the same field of the next. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useImperativeHandle, useLayoutEffect, useRef, useState, type KeyboardEvent, type Ref } from 'react'
import type { EntityValue } from '../../../api/types'
import type { Faults } from '../../entities/faults'
import { freeName, wordsOf } from '../../entities/list'
import { EntryRow } from './EntryRow'

const HEIGHT = 66
const AHEAD = 8

export interface Table {
  /** Brings an entry into sight and puts the cursor into it. */
  goTo: (at: number) => void
}

interface Props {
  list: string
  entries: readonly EntityValue[]
  /** The places of the entries to be shown. */
  shown: readonly number[]
  faults: ReadonlyMap<number, Faults>
  change: (at: number, entry: EntityValue | null) => void
  goTo: (at: number) => void
  ref: Ref<Table>
}

const scroller = () => document.getElementById('main')

export function EntryTable({ list, entries, shown, faults, change, goTo, ref }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [margin, setMargin] = useState(0)
  // What stands above grows and shrinks with what is typed; the same margin again is no update.
  // eslint-disable-next-line react-hooks/exhaustive-deps -- measured after every render
  useLayoutEffect(() => {
    const main = scroller()
    if (!box.current || !main) return
    const now = Math.round(box.current.getBoundingClientRect().top - main.getBoundingClientRect().top + main.scrollTop)
    if (now !== margin) setMargin(now)
  })
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer is not memoised, nor need it be
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: scroller,
    estimateSize: () => HEIGHT,
    overscan: AHEAD,
    scrollMargin: margin,
    getItemKey: (index) => shown[index] ?? index,
  })
  const field = (at: number, name: string) => box.current?.querySelector<HTMLInputElement>(`[data-at="${at}"] [data-field="${name}"]`)
  const focus = (at: number, name: string) => {
    const there = field(at, name)
    if (there) there.focus()
    else {
      rows.scrollToIndex(shown.indexOf(at), { align: 'center' })
      setTimeout(() => field(at, name)?.focus(), 120)
    }
  }
  useImperativeHandle(ref, () => ({ goTo: (at) => focus(at, 'value') }))
  const walk = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = event.key === 'ArrowDown' || event.key === 'Enter' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const input = event.target as HTMLElement
    const name = input.dataset['field']
    const at = input.closest<HTMLElement>('[data-at]')?.dataset['at']
    if (step === 0 || name === undefined || at === undefined || event.nativeEvent.isComposing) return
    event.preventDefault()
    const next = shown[shown.indexOf(Number(at)) + step]
    if (next !== undefined) focus(next, name)
  }
  const proposed = (entry: EntityValue): string => {
    const taken = new Set(entries.filter((other) => other !== entry).map(({ value }) => value))
    return freeName(entry.value.trim() || (wordsOf(entry)[0] ?? ''), list, taken)
  }
  return (
    <div ref={box} className="virtual e-table" style={{ height: rows.getTotalSize() }} onKeyDown={walk}>
      {rows.getVirtualItems().map(({ key, index, start }) => {
        const at = shown[index]
        const entry = at === undefined ? undefined : entries[at]
        if (at === undefined || entry === undefined) return null
        const wrong = faults.get(at)
        return (
          <div key={key} ref={rows.measureElement} data-index={index} style={{ transform: `translateY(${start - margin}px)` }}>
            <EntryRow
              entry={entry}
              at={at}
              faults={wrong}
              proposed={wrong?.value ? proposed(entry) : ''}
              other={wrong?.shared && (entries[wrong.shared.at]?.value ?? '')}
              change={(changed) => change(at, changed)}
              goTo={goTo}
            />
          </div>
        )
      })}
    </div>
  )
}
