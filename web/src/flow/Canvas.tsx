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
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../lib/format'
import { useLanguage, useNarrow } from '../lib/hooks'
import { useMode } from '../theme/mode'
import { BlockIcon } from './BlockIcon'
import type { Stands } from './edit/difference'
import { edgeNotes } from './edit/ports'
import type { Block, BlockSpec, FlowDocument } from './document'
import { Ends } from './Ends'
import { HEIGHT, layout, lines, WIDTH } from './layout'
import { Mark } from './Mark'
import { firstSight } from './sight'
import { PartTabs } from './PartTabs'
import { homeOf, MAIN, only, subFlowOf } from './parts'
import { ENDS, way, type Look } from './ways'

interface BlockData extends Record<string, unknown> {
  block: Block
  spec: BlockSpec | undefined
  start: boolean
  /** Visits by the call shown; undefined when none is. */
  visits: number | undefined
  /** How it stands against another version, while two are compared. */
  mark: Stands | undefined
  /** A style of its own. */
  look: string | undefined
}

type BlockNode = Node<BlockData, 'block'>

function BlockCard({ data, selected }: NodeProps<BlockNode>) {
  const { t } = useTranslation()
  const zh = useLanguage() === 'zh-CN'
  const { block, spec, start, visits, mark, look } = data
  const looks = [selected && 'block-selected', visits === 0 && 'block-dim', visits && 'block-visited', mark && `block-${mark}`, look]
  return (
    <div className={['block', ...looks].filter(Boolean).join(' ')}>
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
  /** Styles of their own for some blocks and, by `from to`, for some lines; with them the rest is quiet. */
  looks?: { blocks: ReadonlyMap<string, string>; lines: ReadonlyMap<string, Look> } | undefined
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

function Graph({ flow, specs, visits, taken, selected, select, marks, looks, moved }: Props) {
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
          look: looks && (looks.blocks.get(block.id) ?? 'block-dim'),
        },
      })),
    [flow, places, specs, visits, selected, marks, looks],
  )

  const edges = useMemo<Edge[]>(() => {
    const blocks = new Map(flow.blocks.map((block) => [block.id, block]))
    return lines(flow).map((line) => {
        const block = blocks.get(line.from)
        const notes = block && edgeNotes(block, specs.get(block.type))
        if (looks) {
          const own = looks.lines.get(line.id)
          return { ...way(line, places, own ? { ...own, notes } : { className: 'way-dim', notes }), zIndex: own ? 1 : 0 }
        }
        const went = line.edges.filter((edge) => taken?.has(`${line.from} ${edge}`))
        const lit = went.length > 0
        const look = {
          names: lit ? went : line.edges,
          notes,
          className: lit ? 'way-taken' : taken ? 'way-dim' : '',
          ...(lit ? { stroke: 'var(--accent)', width: 2.2 } : {}),
        }
        return { ...way(line, places, look), zIndex: lit ? 1 : 0 }
      })
  }, [flow, places, specs, taken, looks])

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

/** A flow with sub-flows is one graph for each; the one is seen in which a block was chosen. */
export function Canvas(props: Props) {
  const { flow, selected } = props
  const [part, setPart] = useState(MAIN)
  const [followed, setFollowed] = useState(selected)
  if (selected !== followed) {
    setFollowed(selected)
    if (selected !== undefined && flow.blocks.some(({ id }) => id === selected)) setPart(homeOf(flow, selected))
  }
  const open = subFlowOf(flow, part) ? part : MAIN
  const shown = useMemo(() => only(flow, open), [flow, open])
  if (flow.sub_flows.length === 0) return <Graph {...props} />
  return (
    <div className="canvas-parts">
      <PartTabs parts={flow.sub_flows} open={open} enter={setPart} />
      <Graph key={open} {...props} flow={shown} />
    </div>
  )
}
