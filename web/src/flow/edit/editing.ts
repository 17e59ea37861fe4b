/**
 * A draft in somebody's hands: its history, what is selected, and the graph of it. It stands outside of React, so that a block that
 * is dragged draws itself and its lines, and nothing else.
 */
import type { Edge, XYPosition } from '@xyflow/react'
import type { BlockSpec, Position } from '../document'
import { arrange, lines, type Line } from '../layout'
import { blocksOf, homeOf, MAIN, startOf, subFlowOf } from '../parts'
import { moveBlocks } from './blocks'
import { namesOf, open, type Draft } from './draft'
import { badges, type Badge, type Placed } from './findings'
import { nodesOf, waysOf, type BlockNode } from './graph'
import { begin, push, redo, undo, type History } from './history'
import { arrangeAll, stay } from './subflows'
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
  const isPlaced = draft.blocks.every(({ id }) => draft.metadata.layout[id])
  return isPlaced ? draft : moveBlocks(draft, arrangeAll(draft))
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
  let joined: { blocks: Draft['blocks']; lines: Line[] } | undefined
  /** The part of the flow that is on the canvas. */
  let part = MAIN
  /** How often the graph became another one that is to be seen from its beginning. */
  let looks = 0
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
    if (!subFlowOf(history.present, part)) part = MAIN
  }
  const enter = (home: string) => {
    if (home === part) return
    part = home
    selected = []
    line = undefined
  }
  const shown = () => blocksOf(history.present, part)
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
    change: (to: (draft: Draft) => Draft, kind?: string) => become(push(history, stay(history.present, to(history.present), part), kind, Date.now())),
    undo: () => become(undo(history)),
    redo: () => become(redo(history)),
    /** Another document altogether; what was done before cannot be undone in it. */
    restart: (draft: Draft) => {
      history = begin(draft)
      keepSelection()
      tell()
    },
    /** The part of the flow that is on the canvas: the main flow, or a sub-flow by its id. */
    part: () => part,
    shown,
    enter: (home: string) => {
      enter(home)
      tell()
    },
    looks: () => looks,
    /** Shows the flow from its beginning, as after it became another. */
    look: () => {
      enter(MAIN)
      selected = []
      looks += 1
      tell()
    },
    select: (ids: readonly string[]) => {
      if (line === undefined && ids.length === selected.length && ids.every((id) => selected.includes(id))) return
      const [first] = ids
      if (first !== undefined && namesOf(history.present).has(first)) enter(homeOf(history.present, first))
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
      if (where?.waits !== undefined && where.waits !== null) enter(homeOf(history.present, where.waits))
      tell()
    },
    goTo: (block: string | null, path: string) => {
      const isThere = block !== null && namesOf(history.present).has(block)
      // What is about a sub-flow as a whole leads into it.
      const [, index] = block === null ? (/^sub_flows\/(\d+)/.exec(path) ?? []) : []
      if (isThere) enter(homeOf(history.present, block))
      else if (index !== undefined) enter(history.present.sub_flows[Number(index)]?.id ?? part)
      selected = isThere ? [block] : []
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
    arrange: () => become(push(history, moveBlocks(history.present, arrange({ blocks: shown() })), undefined, Date.now())),
    place: (id: string): Position => history.present.metadata.layout[id] ?? { x: 0, y: 0 },
    graph: (): Graph => {
      if (graph) return graph
      const draft = history.present
      const blocks = shown()
      if (joined?.blocks !== blocks) joined = { blocks, lines: lines({ blocks }) }
      nodes = nodesOf(nodes, { draft, blocks, start: startOf(draft, part), specs, selected, badges: badged, dragged, trail })
      ways = waysOf(ways, joined.lines, nodes, line, trail)
      graph = { nodes, ways }
      return graph
    },
  }
}

export type Editing = ReturnType<typeof editing>
