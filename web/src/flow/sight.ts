/** What is seen first of a graph: the whole where that can be read; otherwise from the start, or from where the call began. */
import type { Rect, Viewport, XYPosition } from '@xyflow/react'
import { WIDTH } from './layout'

/** Text smaller than this is not read. */
const READABLE = 0.78
const MARGIN = 28

export function firstSight(box: HTMLElement | null, bounds: Rect, first: XYPosition | undefined): Viewport {
  const { clientWidth: width, clientHeight: height } = box ?? { clientWidth: 0, clientHeight: 0 }
  const whole = Math.min((width - 2 * MARGIN) / bounds.width, (height - 2 * MARGIN) / bounds.height)
  const zoom = Math.min(1, Math.max(READABLE, whole))
  const start = first ?? bounds
  const fits = bounds.width * zoom <= width - MARGIN
  const centre = fits ? bounds.x + bounds.width / 2 : start.x + WIDTH / 2
  const y = whole >= READABLE ? (height - bounds.height * zoom) / 2 - bounds.y * zoom : MARGIN - start.y * zoom
  return { x: width / 2 - centre * zoom, y, zoom }
}
