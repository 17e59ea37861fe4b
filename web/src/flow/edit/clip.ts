/** Blocks on the clipboard, as JSON: within a flow, between flows, and through a chat message if need be. */
import type { Block, Position } from '../document'
import { addCopies } from './blocks'
import { isMembers, open, type Draft, type Intent, type Layout, type Queue } from './draft'

export interface Clip {
  hotline: 'blocks'
  /** The flow they are from. */
  flow: string
  blocks: readonly Block[]
  layout: Layout
  /** What the blocks name and another flow may not have. */
  intents: readonly Intent[]
  queues: readonly Queue[]
}

const names = (value: unknown): Set<string> => {
  const found = new Set<string>()
  const walk = (part: unknown) => {
    if (typeof part === 'string') found.add(part)
    else if (Array.isArray(part)) part.forEach(walk)
    else if (isMembers(part)) Object.values(part).forEach(walk)
  }
  walk(value)
  return found
}

export function copy(draft: Draft, ids: readonly string[], places: Layout): Clip {
  const blocks = draft.blocks.filter(({ id }) => ids.includes(id))
  const named = names(blocks.map(({ params, edges }) => [params, Object.keys(edges)]))
  return {
    hotline: 'blocks',
    flow: draft.id,
    blocks,
    layout: Object.fromEntries(blocks.map(({ id }) => [id, places[id] ?? { x: 0, y: 0 }])),
    intents: draft.intents.filter(({ name }) => named.has(name)),
    queues: draft.queues.filter(({ id }) => named.has(id)),
  }
}

/** A clip, if a text is one. */
export function readClip(text: string): Clip | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isMembers(value) || value.hotline !== 'blocks') return undefined
  const { blocks, intents, queues, metadata } = open({ ...value, metadata: { layout: value.layout } })
  if (blocks.length === 0) return undefined
  return { hotline: 'blocks', flow: typeof value.flow === 'string' ? value.flow : '', blocks, layout: metadata.layout, intents, queues }
}

/** Edges that leave the clip lead on only in the flow that they are from; elsewhere a block of that name is another one. */
const within = (blocks: readonly Block[]): Block[] => {
  const ids = new Set(blocks.map(({ id }) => id))
  return blocks.map((block) => ({ ...block, edges: Object.fromEntries(Object.entries(block.edges).filter(([, to]) => ids.has(to))) }))
}

/** Puts the upper left corner of what is pasted at a place. */
export function paste(draft: Draft, clip: Clip, at: Position): { draft: Draft; ids: string[] } {
  const places = Object.values(clip.layout)
  const corner = { x: Math.min(...places.map(({ x }) => x)), y: Math.min(...places.map(({ y }) => y)) }
  const shift = places.length === 0 ? at : { x: at.x - corner.x, y: at.y - corner.y }
  const added = addCopies(draft, clip.flow === draft.id ? clip.blocks : within(clip.blocks), clip.layout, shift)
  const intents = clip.intents.filter(({ name }) => !draft.intents.some((known) => known.name === name))
  const queues = clip.queues.filter(({ id }) => !draft.queues.some((known) => known.id === id))
  return {
    ids: added.ids,
    draft: { ...added.draft, intents: [...draft.intents, ...intents], queues: [...draft.queues, ...queues] },
  }
}
