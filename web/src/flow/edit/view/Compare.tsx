/** Two versions side by side on the graph, moved and zoomed together, with what is different marked by colour, sign and word. */
import { ReactFlowProvider, useReactFlow, type Viewport } from '@xyflow/react'
import { Button } from 'antd'
import { X } from 'lucide-react'
import { useCallback, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useKeys } from '../../../lib/hooks'
import { Canvas } from '../../Canvas'
import type { FlowDocument } from '../../document'
import { useEdit } from '../context'
import { count, difference, type Stands } from '../difference'
import type { Draft } from '../draft'
import { Mark } from '../../Mark'
import { ChangeList } from './Changes'

export interface Side {
  title: string
  draft: Draft
}

const shown = (draft: Draft): FlowDocument => ({ ...draft, layout: draft.metadata.layout })

type Mover = (viewport: Viewport) => void

interface GraphProps {
  side: Side
  marks: ReadonlyMap<string, Stands>
  selected: string | undefined
  select: (id: string | undefined) => void
  /** Hands out what moves this graph. */
  join: (move: Mover) => void
  moved: Mover
}

function Graph({ side, marks, selected, select, join, moved }: GraphProps) {
  const { specs } = useEdit()
  const graph = useReactFlow()
  const flow = useMemo(() => shown(side.draft), [side.draft])
  const here = useCallback((viewport: Viewport) => void graph.setViewport(viewport), [graph])
  join(here)
  return (
    <section className="compare-side" aria-label={side.title}>
      <h2>{side.title}</h2>
      <Canvas flow={flow} specs={specs} visits={undefined} taken={undefined} selected={selected} select={select} marks={marks} moved={moved} />
    </section>
  )
}

export default function Compare({ from, to, close }: { from: Side; to: Side; close: () => void }) {
  const { t } = useTranslation()
  const [selected, setSelected] = useState<string>()
  const found = useMemo(() => difference(from.draft, to.draft), [from.draft, to.draft])
  const marks = useMemo(() => new Map(found.blocks.map(({ id, stands }) => [id, stands])), [found])
  const movers = useRef<(Mover | undefined)[]>([])
  useKeys({ Escape: close })
  const sides = [from, to]
  return (
    <div className="panel compare">
      <header className="row compare-head">
        <strong className="spread clip">{t('editor.comparing', { from: from.title, to: to.title })}</strong>
        {(['added', 'removed', 'changed'] as const).map((stands) => (
          <span key={stands} className="row">
            <Mark stands={stands} named />
            <span className="num">{count(found, stands)}</span>
          </span>
        ))}
        <Button type="text" size="small" icon={<X size={15} />} aria-label={t('editor.close_compare')} onClick={close} />
      </header>
      <div className="compare-body">
        {sides.map((side, index) => (
          <ReactFlowProvider key={index}>
            <Graph
              side={side}
              marks={marks}
              selected={selected}
              select={setSelected}
              join={(move) => {
                movers.current[index] = move
              }}
              moved={(viewport) => movers.current[1 - index]?.(viewport)}
            />
          </ReactFlowProvider>
        ))}
        <aside className="compare-list">
          <ChangeList found={found} selected={selected} choose={setSelected} />
        </aside>
      </div>
    </div>
  )
}
