/** Lines as the canvas draws them: which side they leave and reach, what stands on them, how they look. */
import { MarkerType, Position, type Edge, type NodeHandle, type XYPosition } from '@xyflow/react'
import { HEIGHT, isTrouble, WIDTH, type Line } from './layout'

const end = (id: string, type: 'source' | 'target', position: Position, x: number, y: number): NodeHandle => ({ id, type, position, x, y, width: 1, height: 1 })

/** Where lines leave and reach a block; said here too, so that a line to a block out of sight can be drawn. */
export const ENDS: NodeHandle[] = [
  end('top', 'target', Position.Top, WIDTH / 2, 0),
  end('left', 'target', Position.Left, 0, HEIGHT / 2),
  end('right', 'target', Position.Right, WIDTH, HEIGHT / 2),
  end('bottom', 'source', Position.Bottom, WIDTH / 2, HEIGHT),
  end('out-left', 'source', Position.Left, 0, HEIGHT / 2),
  end('out-right', 'source', Position.Right, WIDTH, HEIGHT / 2),
]

/** Where a line begins that is pulled from an edge: below the block, among the names of its edges. */
export const portEnd = (id: string): NodeHandle => end(id, 'source', Position.Bottom, WIDTH / 2, HEIGHT + 4)

/** Down from below to above; across from side to side; back up along the right. */
export function sides(from: XYPosition | undefined, to: XYPosition | undefined) {
  const down = (to?.y ?? 0) - (from?.y ?? 0)
  if (down > HEIGHT / 2) return { sourceHandle: 'bottom', targetHandle: 'top' }
  if (down < -HEIGHT / 2) return { sourceHandle: 'out-right', targetHandle: 'right' }
  return (to?.x ?? 0) > (from?.x ?? 0)
    ? { sourceHandle: 'out-right', targetHandle: 'left' }
    : { sourceHandle: 'out-left', targetHandle: 'right' }
}

export interface Look {
  /** Names to say on the line; all of them unless told otherwise. */
  names?: readonly string[]
  /** What is said beside some of them. */
  notes?: ReadonlyMap<string, string> | undefined
  stroke?: string
  width?: number
  className?: string
}

export function way(line: Line, places: ReadonlyMap<string, XYPosition>, look: Look = {}): Edge {
  const { notes, stroke = 'var(--way)', width = 1.3, className = '' } = look
  const names = (look.names ?? line.edges).map((name) => [name, notes?.get(name)].filter(Boolean).join(' · '))
  return {
    id: line.id,
    source: line.from,
    target: line.to,
    ...sides(places.get(line.from), places.get(line.to)),
    label: names.length > 2 ? `${names.slice(0, 2).join(', ')} +${names.length - 2}` : names.join(', '),
    className: [isTrouble(line) && 'way-trouble', className].filter(Boolean).join(' '),
    style: { stroke, strokeWidth: width },
    labelBgPadding: [5, 2],
    labelBgBorderRadius: 4,
    markerEnd: { type: MarkerType.ArrowClosed, color: stroke, width: 15, height: 15 },
  }
}
