/** The graph, to look at: the way runs down, every line says by which edge, and the way of a call can be lit. */
import {
  Background,
  BackgroundVariant,
  Controls,
  MiniMap,
  ReactFlow,
  useReactFlow,
  type Edge,
  type Node,
  type NodeProps,
  type ReactFlowInstance,
  type Viewport,
} from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../lib/format'
import { useLanguage, useNarrow } from '../lib/hooks'
import { useMode } from '../theme/mode'
import { BlockIcon } from './BlockIcon'
import type { Stands } from './edit/difference'
import type { Block, BlockSpec, FlowDocument } from './document'
import { Ends } from './Ends'
import { HEIGHT, layout, lines, WIDTH } from './layout'
import { Mark } from './Mark'
import { firstSight } from './sight'
import { ENDS, way } from './ways'

interface BlockData extends Record<string, unknown> {
  block: Block
  spec: BlockSpec | undefined
  start: boolean
  /** Visits by the call shown; undefined when none is. */
  visits: number | undefined
  /** How it stands against another version, while two are compared. */
  mark: Stands | undefined
}

type BlockNode = Node<BlockData, 'block'>

function BlockCard({ data, selected }: NodeProps<BlockNode>) {
  const { t } = useTranslation()
  const zh = useLanguage() === 'zh-CN'
  const { block, spec, start, visits, mark } = data
  const look = [selected && 'block-selected', visits === 0 && 'block-dim', visits && 'block-visited', mark && `block-${mark}`]
  return (
    <div className={['block', ...look].filter(Boolean).join(' ')}>
      <Ends />
      <BlockIcon kind={block.type} category={spec?.category} />
      <div className="spread">
        <strong className="clip">{words(block.id)}</strong>
        <span className="muted clip">{spec ? (zh ? spec.title_zh : spec.title_en) : words(block.type)}</span>
      </div>
      {start && <span className="chip chip-start">{t('flow.start')}</span>}
      {mark && <Mark stands={mark} named />}
      {visits !== undefined && visits > 1 && <span className="chip num">{`${visits}×`}</span>}
    </div>
  )
}

const nodeTypes = { block: BlockCard }

interface Props {
  flow: FlowDocument
  specs: ReadonlyMap<string, BlockSpec>
  visits: ReadonlyMap<string, number> | undefined
  taken: ReadonlyMap<string, number> | undefined
  selected: string | undefined
  select: (block: string | undefined) => void
  marks?: ReadonlyMap<string, Stands>
  /** Told when somebody moves or zooms the graph. */
  moved?: (viewport: Viewport) => void
}

/** Brings a block into sight when it was chosen elsewhere. */
function Follow({ selected }: { selected: string | undefined }) {
  const graph = useReactFlow()
  useEffect(() => {
    const node = selected === undefined ? undefined : graph.getNode(selected)
    if (!node) return
    const { zoom } = graph.getViewport()
    const centre = { x: node.position.x + WIDTH / 2, y: node.position.y + HEIGHT / 2 }
    void graph.setCenter(centre.x, centre.y, { zoom: Math.max(zoom, 0.7), duration: 200 })
  }, [selected, graph])
  return null
}

export function Canvas({ flow, specs, visits, taken, selected, select, marks, moved }: Props) {
  const { mode } = useMode()
  const narrow = useNarrow()
  const box = useRef<HTMLDivElement>(null)
  const places = useMemo(() => layout(flow), [flow])

  const nodes = useMemo<BlockNode[]>(
    () =>
      flow.blocks.map((block) => ({
        id: block.id,
        type: 'block',
        position: places.get(block.id) ?? { x: 0, y: 0 },
        width: WIDTH,
        height: HEIGHT,
        handles: ENDS,
        selected: block.id === selected,
        ariaLabel: words(block.id),
        data: {
          block,
          spec: specs.get(block.type),
          start: block.id === flow.start,
          visits: visits && (visits.get(block.id) ?? 0),
          mark: marks?.get(block.id),
        },
      })),
    [flow, places, specs, visits, selected, marks],
  )

  const edges = useMemo<Edge[]>(
    () =>
      lines(flow).map((line) => {
        const went = line.edges.filter((edge) => taken?.has(`${line.from} ${edge}`))
        const lit = went.length > 0
        const look = {
          names: lit ? went : line.edges,
          className: lit ? 'way-taken' : taken ? 'way-dim' : '',
          ...(lit ? { stroke: 'var(--accent)', width: 2.2 } : {}),
        }
        return { ...way(line, places, look), zIndex: lit ? 1 : 0 }
      }),
    [flow, places, taken],
  )

  const begin = useCallback(
    (graph: ReactFlowInstance<BlockNode>) => void graph.setViewport(firstSight(box.current, graph.getNodesBounds(flow.blocks.map(({ id }) => id)), places.get(flow.start))),
    [flow, places],
  )

  return (
    <div ref={box} className="canvas">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        colorMode={mode}
        onInit={begin}
        onMove={(event, viewport) => event && moved?.(viewport)}
        minZoom={0.2}
        maxZoom={1.6}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        elementsSelectable
        onNodeClick={(_event, node) => select(node.id)}
        onPaneClick={() => select(undefined)}
        onSelectionChange={({ nodes: [node] }) => node && node.id !== selected && select(node.id)}
      >
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} color="var(--line-strong)" />
        <Controls showInteractive={false} />
        {!narrow && <MiniMap pannable zoomable nodeBorderRadius={8} nodeColor="var(--line-strong)" maskColor="color-mix(in srgb, var(--ground) 70%, transparent)" />}
        <Follow selected={selected} />
      </ReactFlow>
    </div>
  )
}
