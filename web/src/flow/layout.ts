/**
 * Where blocks stand and which lines join them. The document's places count; when it leaves any out, the way runs from top
 * to bottom. Edges that join the same two blocks are drawn as one line with all their names.
 */
import dagre from '@dagrejs/dagre'
import type { FlowDocument, Position } from './document'

export const WIDTH = 200
export const HEIGHT = 54

export interface Line {
  id: string
  from: string
  to: string
  edges: readonly string[]
}

/** Ways that nobody hopes for; drawn quieter. */
const TROUBLE = new Set(['no_input', 'no_match', 'low_confidence', 'timeout', 'error', 'hangup', 'no_agents'])
export const isTrouble = (line: Line): boolean => line.edges.every((edge) => TROUBLE.has(edge))

type Blocks = Pick<FlowDocument, 'blocks'>

export function lines(flow: Blocks): Line[] {
  const known = new Set(flow.blocks.map(({ id }) => id))
  const joined = new Map<string, { id: string; from: string; to: string; edges: string[] }>()
  for (const { id: from, edges } of flow.blocks) {
    for (const [edge, to] of Object.entries(edges)) {
      if (!known.has(to)) continue
      const id = `${from} ${to}`
      const line = joined.get(id)
      if (line) line.edges.push(edge)
      else joined.set(id, { id, from, to, edges: [edge] })
    }
  }
  return [...joined.values()]
}

/** The places that the way itself suggests, whatever the document says. */
export function arrange(flow: Blocks): ReadonlyMap<string, Position> {
  const graph = new dagre.graphlib.Graph()
  graph.setGraph({ rankdir: 'TB', nodesep: 36, ranksep: 76, edgesep: 16 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of flow.blocks) graph.setNode(id, { width: WIDTH, height: HEIGHT })
  for (const { from, to } of lines(flow)) graph.setEdge(from, to)
  dagre.layout(graph)
  return new Map(
    flow.blocks.map(({ id }) => {
      const { x = 0, y = 0 } = graph.node(id) as Partial<Position>
      return [id, { x: x - WIDTH / 2, y: y - HEIGHT / 2 }]
    }),
  )
}

export function layout(flow: Pick<FlowDocument, 'blocks' | 'layout'>): ReadonlyMap<string, Position> {
  const isPlaced = flow.blocks.every(({ id }) => flow.layout[id])
  return isPlaced ? new Map(flow.blocks.map(({ id }) => [id, flow.layout[id] ?? { x: 0, y: 0 }])) : arrange(flow)
}
