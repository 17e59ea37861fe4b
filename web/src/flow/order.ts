/** Blocks in the order in which a caller may come to them, for where there is no room for a graph. */
import type { Block } from './document'
import { isTrouble } from './layout'
import { blocksOf, MAIN, startOf, type Whole } from './parts'

/** Follows what callers hope for before what goes wrong; each block comes once, those that nothing reaches last. */
export function inOrder(flow: Whole, part: string): Block[] {
  const here = blocksOf(flow, part)
  const blocks = new Map(here.map((block) => [block.id, block]))
  const found = new Set<string>()
  const follow = (from: string | undefined) => {
    const next = from === undefined ? [] : [from]
    for (let id = next.pop(); id !== undefined; id = next.pop()) {
      const block = blocks.get(id)
      if (!block || found.has(id)) continue
      found.add(id)
      // What is taken last from the pile is followed first.
      next.push(...waysOf(block).map(([, to]) => to).reverse())
    }
  }
  follow(startOf(flow, part))
  if (part === MAIN) [flow.person, flow.hangup].forEach(follow)
  here.forEach(({ id }) => follow(id))
  return [...found].flatMap((id) => blocks.get(id) ?? [])
}

/** The edges of a block, those first that callers hope for. */
export function waysOf({ edges }: Pick<Block, 'edges'>): [string, string][] {
  const all = Object.entries(edges)
  const isBad = ([edge, to]: [string, string]) => isTrouble({ id: '', from: '', to, edges: [edge] })
  return [...all.filter((way) => !isBad(way)), ...all.filter(isBad)]
}
