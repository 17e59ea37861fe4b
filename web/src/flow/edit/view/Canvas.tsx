/** The graph to work on: blocks are dragged, edges pulled from block to block, and kinds of block dropped where they are wanted. */
import {
  Background,
  BackgroundVariant,
  ControlButton,
  Controls,
  MiniMap,
  ReactFlow,
  SelectionMode,
  useReactFlow,
  type Edge,
  type FinalConnectionState,
  type NodeChange,
  type XYPosition,
} from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { Network } from 'lucide-react'
import { useEffect, useRef, useState, type DragEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useMode } from '../../../theme/mode'
import { HEIGHT, WIDTH } from '../../layout'
import { calledBy, startOf, subFlowOf } from '../../parts'
import { firstSight } from '../../sight'
import { addKind, type From } from '../add'
import { connect } from '../blocks'
import { useEdit, useEdited } from '../context'
import type { BlockNode } from '../graph'
import { PORT } from '../ports'
import { Card } from './Card'
import { KIND } from './Palette'
import { QuickAdd } from './QuickAdd'

/** Above so many blocks, those out of sight are not drawn. */
const MANY = 100

const nodeTypes = { block: Card }

const pointOf = (event: MouseEvent | TouchEvent): XYPosition => {
  const { clientX: x, clientY: y } = 'changedTouches' in event ? (event.changedTouches[0] ?? { clientX: 0, clientY: 0 }) : event
  return { x, y }
}

/** The block under a point of the window, wherever on the block that is. */
const blockAt = ({ x, y }: XYPosition): string | undefined =>
  document.elementFromPoint(x, y)?.closest('.react-flow__node')?.getAttribute('data-id') ?? undefined

/** Brings a block into sight that was chosen elsewhere. */
function Follow() {
  const edit = useEdit()
  const graph = useReactFlow()
  const selected = useEdited((now) => now.selected())
  const turn = useEdited((now) => now.focus()?.turn)
  const [id] = selected.length === 1 ? selected : []
  useEffect(() => {
    if (id === undefined) return
    const box = document.querySelector('.canvas-edit')?.getBoundingClientRect()
    if (!box) return
    const { x, y } = edit.place(id)
    const from = graph.flowToScreenPosition({ x, y })
    const to = graph.flowToScreenPosition({ x: x + WIDTH, y: y + HEIGHT })
    if (from.x >= box.left && from.y >= box.top && to.x <= box.right && to.y <= box.bottom - 40) return
    void graph.setCenter(x + WIDTH / 2, y + HEIGHT / 2, { zoom: Math.max(graph.getZoom(), 0.7), duration: 200 })
  }, [id, turn, graph, edit])
  return null
}

/** Another part of the flow is another graph: it is seen from its beginning. */
function Enter() {
  const edit = useEdit()
  const graph = useReactFlow()
  const part = useEdited((now) => now.part())
  const looks = useEdited((now) => now.looks())
  const shown = useRef(`${looks} ${part}`)
  useEffect(() => {
    if (shown.current === `${looks} ${part}`) return
    shown.current = `${looks} ${part}`
    const blocks = edit.shown()
    if (blocks.length === 0) return
    const box = document.querySelector<HTMLElement>('.canvas-edit')
    const start = startOf(edit.draft(), part)
    void graph.setViewport(firstSight(box, graph.getNodesBounds(edit.graph().nodes as BlockNode[]), edit.place(start)))
  }, [part, looks, edit, graph])
  return null
}

interface Wanted {
  /** In the window. */
  point: XYPosition
  /** On the canvas. */
  place: XYPosition
  from: From
}

export function Canvas({ children }: { children?: ReactNode }) {
  const { t } = useTranslation()
  const { mode } = useMode()
  const edit = useEdit()
  const graph = useReactFlow<BlockNode>()
  const box = useRef<HTMLDivElement>(null)
  const { nodes, ways } = useEdited((now) => now.graph())
  const [wanted, setWanted] = useState<Wanted>()

  const changed = (changes: NodeChange<BlockNode>[]) => {
    const selected = new Set(edit.selected())
    const places = new Map<string, XYPosition>()
    let isDone = false
    let isKeys = true
    for (const change of changes) {
      if (change.type === 'select') {
        if (change.selected) selected.add(change.id)
        else selected.delete(change.id)
      } else if (change.type === 'position') {
        if (change.position) places.set(change.id, change.position)
        isDone = change.dragging === false
        isKeys &&= change.dragging === undefined || !box.current?.classList.contains('dragging')
      }
    }
    if (changes.some(({ type }) => type === 'select')) edit.select([...selected])
    if (places.size > 0) edit.drag(places)
    if (isDone) edit.drop(isKeys ? 'nudge' : undefined)
  }

  const connecting = (is: boolean) => box.current?.classList.toggle('connecting', is)
  const pulled = (event: MouseEvent | TouchEvent, { fromNode, fromHandle }: FinalConnectionState) => {
    connecting(false)
    const edge = fromHandle?.id?.startsWith(PORT) ? fromHandle.id.slice(PORT.length) : undefined
    if (!fromNode || edge === undefined) return
    const point = pointOf(event)
    const to = blockAt(point)
    if (to !== undefined) edit.change((draft) => connect(draft, fromNode.id, edge, to))
    else if (box.current?.contains(document.elementFromPoint(point.x, point.y))) offer(point, { block: fromNode.id, edge })
  }
  const offer = (point: XYPosition, from: From) => {
    const { x, y } = graph.screenToFlowPosition(point)
    setWanted({ point, place: { x: x - WIDTH / 2, y }, from })
  }
  /** The end of a line on another block: all edges of the line lead there. */
  const redirected = (event: MouseEvent | TouchEvent, way: Edge) => {
    connecting(false)
    const to = blockAt(pointOf(event))
    const names = edit.draft().blocks.find(({ id }) => id === way.source)?.edges ?? {}
    if (to === undefined || to === way.target) return
    edit.change((draft) =>
      Object.entries(names)
        .filter(([, target]) => target === way.target)
        .reduce((now, [name]) => connect(now, way.source, name, to), draft),
    )
  }
  const dropped = (event: DragEvent) => {
    const kind = event.dataTransfer.getData(KIND)
    if (kind === '') return
    event.preventDefault()
    const { x, y } = graph.screenToFlowPosition({ x: event.clientX, y: event.clientY })
    addKind(edit, kind, { x: x - WIDTH / 2, y: y - HEIGHT / 2 }, undefined)
  }
  const clicked = (target: EventTarget) => {
    const port = target instanceof HTMLElement ? target.closest<HTMLElement>('.port') : null
    const block = port?.closest('.react-flow__node')?.getAttribute('data-id')
    const name = port?.dataset.port
    if (!port || !block || name === undefined) return
    const { left, bottom } = port.getBoundingClientRect()
    if (port.classList.contains('port-wired') || port.classList.contains('port-unknown')) edit.goTo(block, `edges/${name}`)
    else offer({ x: left, y: bottom + 8 }, { block, edge: name })
  }

  return (
    <div
      ref={box}
      className="canvas canvas-edit"
      onClick={(event) => clicked(event.target)}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(KIND)) return
        event.preventDefault()
        event.dataTransfer.dropEffect = 'copy'
      }}
      onDrop={dropped}
    >
      <ReactFlow
        nodes={nodes as BlockNode[]}
        edges={ways as Edge[]}
        nodeTypes={nodeTypes}
        colorMode={mode}
        onInit={(made) => {
          const blocks = edit.shown()
          if (blocks.length === 0) return
          void made.setViewport(firstSight(box.current, made.getNodesBounds(blocks.map(({ id }) => id)), edit.place(startOf(edit.draft(), edit.part()))))
        }}
        minZoom={0.1}
        maxZoom={1.6}
        deleteKeyCode={null}
        multiSelectionKeyCode={['Shift', 'Control', 'Meta']}
        selectionKeyCode="Shift"
        selectionMode={SelectionMode.Partial}
        zoomOnDoubleClick={false}
        connectOnClick={false}
        connectionDragThreshold={4}
        edgesFocusable={false}
        onlyRenderVisibleElements={nodes.length > MANY}
        edgesReconnectable
        reconnectRadius={14}
        onNodesChange={changed}
        onNodeDragStart={() => box.current?.classList.add('dragging')}
        onNodeDragStop={() => box.current?.classList.remove('dragging')}
        onConnectStart={() => connecting(true)}
        onConnectEnd={pulled}
        onReconnectStart={() => connecting(true)}
        onReconnectEnd={redirected}
        onEdgeClick={(_event, way) => edit.selectLine(way.id)}
        onNodeDoubleClick={(_event, { data }) => {
          const called = calledBy(data.block, data.spec)
          if (called !== undefined && subFlowOf(edit.draft(), called)) edit.enter(called)
        }}
        onPaneClick={() => edit.select([])}
      >
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} color="var(--line-strong)" />
        <Controls showInteractive={false} fitViewOptions={{ padding: 0.12, duration: 200 }}>
          <ControlButton
            onClick={() => {
              edit.arrange()
              requestAnimationFrame(() => void graph.fitView({ padding: 0.12, duration: 200 }))
            }}
            title={t('editor.arrange')}
            aria-label={t('editor.arrange')}
          >
            <Network size={14} className="plain" />
          </ControlButton>
        </Controls>
        <MiniMap pannable zoomable nodeBorderRadius={8} nodeColor="var(--line-strong)" maskColor="color-mix(in srgb, var(--ground) 70%, transparent)" />
        <Enter />
        <Follow />
      </ReactFlow>
      {wanted && (
        <QuickAdd
          point={wanted.point}
          take={(kind) => {
            addKind(edit, kind, wanted.place, wanted.from)
            setWanted(undefined)
          }}
          close={() => setWanted(undefined)}
        />
      )}
      {children}
    </div>
  )
}
