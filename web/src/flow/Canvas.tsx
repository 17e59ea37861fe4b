/** The graph, to look at: blocks with their edges as rows, so that every way out has its name beside its line. */
import { Background, BackgroundVariant, Controls, Handle, MarkerType, Position, ReactFlow, useReactFlow, type Edge, type Node, type NodeProps } from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../lib/format'
import { useLanguage } from '../lib/hooks'
import { useMode } from '../theme/mode'
import { BlockIcon } from './BlockIcon'
import type { Block, BlockSpec, FlowDocument } from './document'
import { EDGE_ROW, HEAD, heightOf, layout, WIDTH, wired } from './layout'

interface BlockData extends Record<string, unknown> {
  block: Block
  spec: BlockSpec | undefined
  start: boolean
  /** Visits by the call shown; undefined when none is. */
  visits: number | undefined
  taken: ReadonlyMap<string, number> | undefined
}

type BlockNode = Node<BlockData, 'block'>

function BlockCard({ data, selected }: NodeProps<BlockNode>) {
  const { t } = useTranslation()
  const zh = useLanguage() === 'zh-CN'
  const { block, spec, start, visits, taken } = data
  const dim = visits === 0
  return (
    <div className={`block${selected ? ' block-selected' : ''}${dim ? ' block-dim' : ''}${visits ? ' block-visited' : ''}`}>
      <Handle type="target" position={Position.Left} isConnectable={false} style={{ top: HEAD / 2 }} />
      <div className="block-head" style={{ height: HEAD }}>
        <BlockIcon kind={block.type} category={spec?.category} />
        <div className="spread">
          <strong className="clip">{words(block.id)}</strong>
          <span className="muted clip">{spec ? (zh ? spec.title_zh : spec.title_en) : words(block.type)}</span>
        </div>
        {start && <span className="chip chip-start">{t('flow.start')}</span>}
        {visits !== undefined && visits > 1 && <span className="chip num">{`${visits}×`}</span>}
      </div>
      {wired(block.edges).map(([edge], index) => (
        <div key={edge} className={`block-edge${taken?.has(`${block.id} ${edge}`) ? ' edge-taken' : ''}`} style={{ height: EDGE_ROW }}>
          <span className="clip">{edge}</span>
          <Handle
            id={edge}
            type="source"
            position={Position.Right}
            isConnectable={false}
            style={{ top: HEAD + index * EDGE_ROW + EDGE_ROW / 2 }}
          />
        </div>
      ))}
    </div>
  )
}

const nodeTypes = { block: BlockCard }
/** Ways that nobody hopes for; drawn quieter. */
const TROUBLE = new Set(['no_input', 'no_match', 'low_confidence', 'timeout', 'error', 'hangup', 'no_agents'])

interface Props {
  flow: FlowDocument
  specs: ReadonlyMap<string, BlockSpec>
  visits: ReadonlyMap<string, number> | undefined
  taken: ReadonlyMap<string, number> | undefined
  selected: string | undefined
  select: (block: string | undefined) => void
}

/** Brings a block into sight when it was chosen elsewhere. */
function Follow({ selected }: { selected: string | undefined }) {
  const graph = useReactFlow()
  useEffect(() => {
    const node = selected === undefined ? undefined : graph.getNode(selected)
    if (!node) return
    const { zoom } = graph.getViewport()
    const x = node.position.x + WIDTH / 2
    const y = node.position.y + (node.height ?? 0) / 2
    void graph.setCenter(x, y, { zoom: Math.max(zoom, 0.7), duration: 200 })
  }, [selected, graph])
  return null
}

export function Canvas({ flow, specs, visits, taken, selected, select }: Props) {
  const { mode } = useMode()
  const narrowView = window.matchMedia('(max-width: 760px)').matches
  const places = useMemo(() => layout(flow), [flow])
  const nodes = useMemo<BlockNode[]>(
    () =>
      flow.blocks.map((block) => ({
        id: block.id,
        type: 'block',
        position: places.get(block.id) ?? { x: 0, y: 0 },
        width: WIDTH,
        height: heightOf(block.edges),
        selected: block.id === selected,
        ariaLabel: words(block.id),
        data: {
          block,
          spec: specs.get(block.type),
          start: block.id === flow.start,
          visits: visits && (visits.get(block.id) ?? 0),
          taken,
        },
      })),
    [flow, places, specs, visits, taken, selected],
  )
  const edges = useMemo<Edge[]>(
    () =>
      flow.blocks.flatMap((block) =>
        wired(block.edges).map(([edge, to]) => {
          const went = taken?.has(`${block.id} ${edge}`) ?? false
          const colour = went ? 'var(--accent)' : 'var(--line-strong)'
          return {
            id: `${block.id} ${edge}`,
            source: block.id,
            sourceHandle: edge,
            target: to,
            type: 'default',
            zIndex: went ? 1 : 0,
            className: `${went ? 'way-taken' : ''} ${TROUBLE.has(edge) ? 'way-trouble' : ''} ${taken && !went ? 'way-dim' : ''}`,
            style: { stroke: colour, strokeWidth: went ? 2.2 : 1.3 },
            markerEnd: { type: MarkerType.ArrowClosed, color: colour, width: 15, height: 15 },
          }
        }),
      ),
    [flow, taken],
  )
  const focus = useMemo(
    () => (narrowView ? [{ id: flow.start }] : visits ? [...visits.keys()].map((id) => ({ id })) : undefined),
    [narrowView, flow.start, visits],
  )
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      colorMode={mode}
      fitView
      fitViewOptions={{ padding: 0.08, maxZoom: 1, nodes: focus }}
      minZoom={0.15}
      maxZoom={1.6}
      nodesDraggable={false}
      nodesConnectable={false}
      edgesFocusable={false}
      elementsSelectable
      proOptions={{ hideAttribution: false }}
      onNodeClick={(_event, node) => select(node.id)}
      onPaneClick={() => select(undefined)}
      onSelectionChange={({ nodes: [node] }) => node && node.id !== selected && select(node.id)}
    >
      <Background variant={BackgroundVariant.Dots} gap={22} size={1.2} color="var(--line-strong)" />
      <Controls showInteractive={false} />
      <Follow selected={selected} />
    </ReactFlow>
  )
}
