/** The shape of a flow, small: where blocks stand and what joins them, without a word. */
import { useMemo } from 'react'
import type { FlowDocument } from './document'
import { HEIGHT, layout, lines, WIDTH } from './layout'
import { MAIN, only } from './parts'

const MARGIN = 24

export function Thumb({ flow }: { flow: FlowDocument }) {
  const { blocks, joins, box } = useMemo(() => {
    const main = only(flow, MAIN)
    const places = layout(main)
    const all = [...places.values()]
    const left = Math.min(0, ...all.map(({ x }) => x)) - MARGIN
    const top = Math.min(0, ...all.map(({ y }) => y)) - MARGIN
    const right = Math.max(0, ...all.map(({ x }) => x)) + WIDTH + MARGIN
    const bottom = Math.max(0, ...all.map(({ y }) => y)) + HEIGHT + MARGIN
    const middle = (id: string) => ({ x: (places.get(id)?.x ?? 0) + WIDTH / 2, y: places.get(id)?.y ?? 0 })
    return {
      blocks: main.blocks.map(({ id, type }) => ({ id, type, ...(places.get(id) ?? { x: 0, y: 0 }) })),
      joins: lines(main).map(({ id, from, to }) => {
        const [a, b] = [middle(from), middle(to)]
        const bend = Math.max(30, Math.abs(b.y - a.y) / 2)
        return { id, path: `M${a.x} ${a.y + HEIGHT}C${a.x} ${a.y + HEIGHT + bend} ${b.x} ${b.y - bend} ${b.x} ${b.y}` }
      }),
      box: `${left} ${top} ${right - left} ${bottom - top}`,
    }
  }, [flow])
  return (
    <svg className="thumb" viewBox={box} preserveAspectRatio="xMidYMid meet" aria-hidden>
      {joins.map(({ id, path }) => (
        <path key={id} d={path} />
      ))}
      {blocks.map(({ id, x, y }) => (
        <rect key={id} x={x} y={y} width={WIDTH} height={HEIGHT} rx={14} className={id === flow.start ? 'thumb-start' : undefined} />
      ))}
    </svg>
  )
}
