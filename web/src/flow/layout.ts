/** Where blocks stand: as the document says, or, when it leaves any out, from left to right in the order of the way. */
import dagre from '@dagrejs/dagre'
import type { FlowDocument, Position } from './document'

export const WIDTH = 224
export const HEAD = 52
export const EDGE_ROW = 24

/** Edges of a block that lead somewhere, in the document's order. */
export const wired = (edges: Readonly<Record<string, string>>): [edge: string, to: string][] => Object.entries(edges)

export const heightOf = (edges: Readonly<Record<string, string>>): number => HEAD + wired(edges).length * EDGE_ROW + 6

export function layout(flow: FlowDocument): ReadonlyMap<string, Position> {
  if (flow.blocks.every(({ id }) => flow.layout[id])) {
    return new Map(flow.blocks.map(({ id }) => [id, flow.layout[id] ?? { x: 0, y: 0 }]))
  }
  const graph = new dagre.graphlib.Graph({ multigraph: true })
  graph.setGraph({ rankdir: 'LR', nodesep: 26, ranksep: 92, edgesep: 10 })
  graph.setDefaultEdgeLabel(() => ({}))
  const known = new Set(flow.blocks.map(({ id }) => id))
  for (const { id, edges } of flow.blocks) graph.setNode(id, { width: WIDTH, height: heightOf(edges) })
  for (const { id, edges } of flow.blocks) {
    for (const [edge, to] of wired(edges)) if (known.has(to)) graph.setEdge(id, to, {}, edge)
  }
  dagre.layout(graph)
  return new Map(
    flow.blocks.map(({ id, edges }) => {
      const { x = 0, y = 0 } = graph.node(id) as Partial<Position>
      return [id, { x: x - WIDTH / 2, y: y - heightOf(edges) / 2 }]
    }),
  )
}
