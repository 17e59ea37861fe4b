/**
 * The draft as the canvas draws it. What did not change stays the same object, so that of three hundred blocks only the one that
 * is dragged or typed in is drawn again.
 */
import type { Edge, Node, XYPosition } from '@xyflow/react'
import type { Block, BlockSpec } from '../document'
import { HEIGHT, WIDTH, type Line } from '../layout'
import { ENDS, portEnd, way } from '../ways'
import type { Draft } from './draft'
import type { Badge } from './findings'
import { edgeNotes, isOpen, PORT, portsOf, type Port } from './ports'
import type { Trail } from './trial/call'

export interface BlockData extends Record<string, unknown> {
  block: Block
  spec: BlockSpec | undefined
  start: boolean
  person: boolean
  hangup: boolean
  /** Edges that must lead somewhere and do not; of a selected block every edge. */
  ports: readonly Port[]
  badge: Badge | undefined
  /** While a call is tried: whether it came through here, or waits here. */
  tried: 'passed' | 'waits' | undefined
}

export type BlockNode = Node<BlockData, 'block'>

export interface Drawn {
  draft: Draft
  /** Those of the part that is open, and where it begins. */
  blocks: readonly Block[]
  start: string
  specs: ReadonlyMap<string, BlockSpec>
  selected: readonly string[]
  badges: ReadonlyMap<string, Badge>
  /** Where blocks are while they are being dragged. */
  dragged: ReadonlyMap<string, XYPosition>
  /** Where a call that is tried has been. */
  trail?: Trail | undefined
}

const MEASURED = { width: WIDTH, height: HEIGHT }
const NOWHERE: XYPosition = { x: 0, y: 0 }

const portKey = ({ name, required, to, note, unknown }: Port) => `${name} ${required ? 1 : 0} ${to ?? ''} ${note} ${unknown ? 1 : 0}`
const samePorts = (a: readonly Port[], b: readonly Port[]) =>
  a.length === b.length && a.every((port, index) => portKey(port) === portKey(b[index] as Port))
const sameBadge = (a: Badge | undefined, b: Badge | undefined) => a?.errors === b?.errors && a?.warnings === b?.warnings

function sameData(a: BlockData, b: BlockData): boolean {
  const plain = a.block === b.block && a.spec === b.spec && a.start === b.start && a.person === b.person && a.hangup === b.hangup && a.tried === b.tried
  return plain && sameBadge(a.badge, b.badge) && samePorts(a.ports, b.ports)
}

export function nodesOf(before: readonly BlockNode[], { draft, blocks, start, specs, selected, badges, dragged, trail }: Drawn): BlockNode[] {
  const known = new Map(before.map((node) => [node.id, node]))
  const chosen = new Set(selected)
  return blocks.map((block): BlockNode => {
    const { id } = block
    const spec = specs.get(block.type)
    const all = portsOf(block, spec, draft)
    const data: BlockData = {
      block,
      spec,
      start: id === start,
      person: id === draft.person,
      hangup: id === draft.hangup,
      ports: chosen.size === 1 && chosen.has(id) ? all : all.filter(isOpen),
      badge: badges.get(id),
      tried: trail?.waits === id ? 'waits' : trail?.blocks.has(id) ? 'passed' : undefined,
    }
    const position = dragged.get(id) ?? draft.metadata.layout[id] ?? NOWHERE
    const old = known.get(id)
    const isSelected = chosen.has(id)
    const kept = old && sameData(old.data, data) ? old.data : data
    if (old && kept === old.data && old.position.x === position.x && old.position.y === position.y && old.selected === isSelected) return old
    const handles = kept.ports.length === 0 ? ENDS : [...ENDS, ...kept.ports.map(({ name }) => portEnd(PORT + name))]
    return { id, type: 'block', position, width: WIDTH, height: HEIGHT, measured: MEASURED, handles, selected: isSelected, data: kept }
  })
}

const sameWay = (a: Edge, b: Edge) =>
  a.label === b.label && a.sourceHandle === b.sourceHandle && a.targetHandle === b.targetHandle && a.className === b.className && a.selected === b.selected

/** Lines of the selected block stand out, so that one sees where it leads and what leads to it; so do those that a tried call took. */
export function waysOf(before: readonly Edge[], joined: readonly Line[], nodes: readonly BlockNode[], line: string | undefined, trail?: Trail): Edge[] {
  const known = new Map(before.map((edge) => [edge.id, edge]))
  const places = new Map(nodes.map(({ id, position }) => [id, position]))
  const data = new Map(nodes.map((node) => [node.id, node.data]))
  const chosen = new Set(nodes.filter(({ selected }) => selected).map(({ id }) => id))
  return joined.map((one) => {
    const isNear = chosen.has(one.from) || chosen.has(one.to)
    const isChosen = one.id === line
    const isTaken = trail !== undefined && one.edges.some((edge) => trail.edges.has(`${one.from} ${edge}`))
    const className = [(isNear || isChosen) && 'way-near', isChosen && 'way-chosen', isTaken && 'way-taken'].filter(Boolean).join(' ')
    const look = className === '' ? {} : { stroke: 'var(--accent)', width: isChosen ? 2.6 : isTaken ? 2.2 : 1.7, className }
    const block = data.get(one.from)
    const notes = block && edgeNotes(block.block, block.spec)
    const edge: Edge = { ...way(one, places, { ...look, notes }), selected: isChosen, zIndex: className === '' ? 0 : 1 }
    const old = known.get(one.id)
    return old && sameWay(old, edge) ? old : edge
  })
}
