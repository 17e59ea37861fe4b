/** A long list that scrolls smoothly: only the rows in sight exist, and the next page is asked for before it is needed. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { Bones } from './Bits'

interface Props<T> {
  items: readonly T[]
  height: number
  keyOf: (item: T) => string
  row: (item: T) => ReactNode
  hasMore: boolean
  loadMore: () => void
}

const AHEAD = 12

export function Rows<T>({ items, height, keyOf, row, hasMore, loadMore }: Props<T>) {
  const list = useRef<HTMLDivElement>(null)
  const [margin, setMargin] = useState(0)
  const scroller = () => document.getElementById('main')
  useLayoutEffect(() => {
    const main = scroller()
    if (list.current && main) {
      setMargin(list.current.getBoundingClientRect().top - main.getBoundingClientRect().top + main.scrollTop)
    }
  }, [])
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer is not memoised, nor need it be
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: scroller,
    estimateSize: () => height,
    overscan: AHEAD,
    scrollMargin: margin,
    getItemKey: (index) => {
      const item = items[index]
      return item === undefined ? index : keyOf(item)
    },
  })
  useEffect(() => rows.measure(), [rows, height])
  const shown = rows.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  const wanting = hasMore && last >= items.length - AHEAD
  useEffect(() => {
    if (wanting) loadMore()
  }, [wanting, loadMore])

  return (
    <>
      <div ref={list} className="virtual" style={{ height: rows.getTotalSize() }}>
        {shown.map(({ key, index, start }) => {
          const item = items[index]
          return (
            item !== undefined && (
              <div key={key} style={{ transform: `translateY(${start - margin}px)` }}>
                {row(item)}
              </div>
            )
          )
        })}
      </div>
      {hasMore && <Bones rows={2} />}
    </>
  )
}
