/** Adding a block by mouse or keyboard: where it stands, and what leads to it. */
import type { Block, Position } from '../document'
import { HEIGHT, WIDTH } from '../layout'
import { addAfter, addBlock } from './blocks'
import type { Draft } from './draft'
import type { Editing } from './editing'

const GAP = { x: 36, y: 86 }

/** The nearest place to the right of a wanted one where none of some blocks stands. */
export function freePlace(draft: Draft, wanted: Position, among: readonly Block[]): Position {
  const places = among.flatMap(({ id }) => draft.metadata.layout[id] ?? [])
  let { x } = wanted
  const { y } = wanted
  const isTaken = () => places.some((place) => Math.abs(place.x - x) < WIDTH + 12 && Math.abs(place.y - y) < HEIGHT + 12)
  while (isTaken()) x += WIDTH + GAP.x
  return { x: Math.round(x), y: Math.round(y) }
}

export interface From {
  block: string
  edge?: string
}

/** Adds a block of a kind and selects it. Without a place it stands below what leads to it. */
export function addKind(edit: Editing, kind: string, wanted: Position | undefined, from: From | undefined): void {
  const spec = edit.specs.get(kind)
  if (!spec) return
  const draft = edit.draft()
  const above = from && edit.place(from.block)
  const below = above ? { x: above.x, y: above.y + HEIGHT + GAP.y } : { x: 0, y: 0 }
  const at = freePlace(draft, wanted ?? below, edit.shown())
  const added = from ? addAfter(draft, spec, at, from, edit.specs) : addBlock(draft, spec, at)
  edit.change(() => added.draft)
  edit.select([added.id])
}
