/**
 * A draft in somebody's hands: its history, what is selected, and the graph of it. It stands outside of React, so that a block that
 * is dragged draws itself and its lines, and nothing else.
 */
import type { Edge, XYPosition } from '@xyflow/react'
import type { BlockSpec, Position } from '../document'
import { arrange, layout, lines, type Line } from '../layout'
import { moveBlocks } from './blocks'
import { namesOf, open, type Draft } from './draft'
import { badges, type Badge, type Placed } from './findings'
import { nodesOf, waysOf, type BlockNode } from './graph'
import { begin, push, redo, undo, type History } from './history'
import type { Trail } from './trial/call'

export interface Graph {
  nodes: readonly BlockNode[]
  ways: readonly Edge[]
}

/** What the inspector should put the cursor on; `turn` tells two wishes for the same field apart. */
export interface Focus {
  block: string | null
  path: string
  turn: number
}

const NONE: ReadonlyMap<string, XYPosition> = new Map()

/** A document that can be drawn: read, and every block in its place. */
export function ready(document: unknown): Draft {
  const draft = open(document)
  return moveBlocks(draft, layout({ blocks: draft.blocks, layout: draft.metadata.layout }))
}

export function editing(first: Draft, specs: ReadonlyMap<string, BlockSpec>) {
  let history: History<Draft> = begin(first)
  let selected: readonly string[] = []
  let line: string | undefined
  let findings: readonly Placed[] = []
  let badged: ReadonlyMap<string, Badge> = new Map()
  let dragged = NONE
  let focus: Focus | undefined
  let trail: Trail | undefined
  let graph: Graph | undefined
  let joined: { draft: Draft; lines: Line[] } | undefined
  let nodes: readonly BlockNode[] = []
  let ways: readonly Edge[] = []
  const listeners = new Set<() => void>()
  /** Told of every change of the document by the person here. */
  const changed = new Set<(draft: Draft) => void>()

  const tell = () => {
    graph = undefined
    listeners.forEach((listener) => listener())
  }
  const keepSelection = () => {
    const names = namesOf(history.present)
    if (selected.some((id) => !names.has(id))) selected = selected.filter((id) => names.has(id))
    line = undefined
  }
  const become = (next: History<Draft>) => {
    if (next === history) return
    const isOther = next.present !== history.present
    history = next
    keepSelection()
    tell()
    if (isOther) changed.forEach((listener) => listener(history.present))
  }

  return {
    specs,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onChange: (listener: (draft: Draft) => void) => {
      changed.add(listener)
      return () => void changed.delete(listener)
    },
    draft: () => history.present,
    selected: () => selected,
    line: () => line,
    findings: () => findings,
    focus: () => focus,
    canUndo: () => history.past.length > 0,
    canRedo: () => history.future.length > 0,
    /** `kind` lets quick changes of one kind be undone as one. */
    change: (to: (draft: Draft) => Draft, kind?: string) => become(push(history, to(history.present), kind, Date.now())),
    undo: () => become(undo(history)),
    redo: () => become(redo(history)),
    /** Another document altogether; what was done before cannot be undone in it. */
    restart: (draft: Draft) => {
      history = begin(draft)
      keepSelection()
      tell()
    },
    select: (ids: readonly string[]) => {
      if (line === undefined && ids.length === selected.length && ids.every((id) => selected.includes(id))) return
      selected = ids
      line = undefined
      tell()
    },
    selectLine: (id: string | undefined) => {
      selected = []
      line = id
      tell()
    },
    setFindings: (found: readonly Placed[]) => {
      findings = found
      badged = badges(found)
      tell()
    },
    /** Lights where a call that is tried has been. */
    light: (where: Trail | undefined) => {
      trail = where
      tell()
    },
    goTo: (block: string | null, path: string) => {
      selected = block !== null && namesOf(history.present).has(block) ? [block] : []
      line = undefined
      focus = { block, path, turn: (focus?.turn ?? 0) + 1 }
      tell()
    },
    drag: (places: ReadonlyMap<string, XYPosition>) => {
      dragged = new Map([...dragged, ...places])
      tell()
    },
    drop: (kind?: string) => {
      const moved = dragged
      dragged = NONE
      become(push(history, moveBlocks(history.present, moved), kind, Date.now()))
      tell()
    },
    arrange: () => become(push(history, moveBlocks(history.present, arrange(history.present)), undefined, Date.now())),
    place: (id: string): Position => history.present.metadata.layout[id] ?? { x: 0, y: 0 },
    graph: (): Graph => {
      if (graph) return graph
      const draft = history.present
      if (joined?.draft.blocks !== draft.blocks) joined = { draft, lines: lines(draft) }
      nodes = nodesOf(nodes, { draft, specs, selected, badges: badged, dragged, trail })
      ways = waysOf(ways, joined?.lines ?? [], nodes, line, trail)
      graph = { nodes, ways }
      return graph
    },
  }
}

export type Editing = ReturnType<typeof editing>
