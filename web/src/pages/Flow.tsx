/** One flow as a graph, read-only; with `?call=` the way that call took. */
import { useQuery } from '@tanstack/react-query'
import { Button, Drawer } from 'antd'
import { ReactFlowProvider } from '@xyflow/react'
import { PencilLine, X } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router-dom'
import { call as callQuery, flow as flowQuery } from '../api/queries'
import { useHeard } from '../api/live'
import type { Me } from '../api/types'
import { edgesTaken, path } from '../call/path'
import { callerName, merge } from '../call/project'
import { Bones, ErrorNote } from '../components/Bits'
import { Head } from '../components/Shell'
import { Canvas } from '../flow/Canvas'
import { readDocument, readSpecs } from '../flow/document'
import { FlowList } from '../flow/FlowList'
import { Inspector } from '../flow/Inspector'
import { useKeys, useNarrow, useTitle } from '../lib/hooks'
import '../call/view/call.css'
import '../flow/flow.css'

/** The blocks and edges of a call, growing while it runs. */
function useWay(id: string | null) {
  const { data } = useQuery({ ...callQuery(id ?? ''), enabled: id !== null })
  const heard = useHeard(id ?? '')
  return useMemo(() => {
    if (!data) return undefined
    const steps = path(merge(data.entries, heard.entries))
    const visits = new Map<string, number>()
    for (const { block } of steps) visits.set(block, (visits.get(block) ?? 0) + 1)
    return { from: data.from, channel: data.channel, visits, taken: edgesTaken(steps) }
  }, [data, heard.entries])
}

export default function Flow({ me }: { me: Me }) {
  const { t } = useTranslation()
  const { id = '' } = useParams()
  const go = useNavigate()
  const narrow = useNarrow()
  const [params, setParams] = useSearchParams()
  const call = params.get('call')
  const { data, error, refetch } = useQuery(flowQuery(id))
  const way = useWay(call)
  const flow = useMemo(() => data && readDocument(data), [data])
  const specs = useMemo(() => (data ? readSpecs(data) : new Map<string, never>()), [data])
  const selected = params.get('block') ?? undefined
  const block = flow?.blocks.find((candidate) => candidate.id === selected)
  useTitle(flow?.name ?? t('nav.flows'))

  const set = (name: string, value: string | undefined) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before)
        if (value === undefined) after.delete(name)
        else after.set(name, value)
        return after
      },
      { replace: true },
    )
  const select = (next: string | undefined) => set('block', next)
  useKeys(block ? { Escape: () => select(undefined) } : {})
  const details = block && (
    <Inspector block={block} spec={specs.get(block.type)} start={block.id === flow?.start} go={(next) => select(next)} />
  )

  return (
    <div className="flow-page">
      <Head title={flow?.name ?? t('nav.flows')} note={data && t('flow.note', { version: data.version, count: flow?.blocks.length ?? 0 })}>
        {call !== null && way && (
          <span className="row chip flow-way">
            <Link to={`/calls/${call}`}>{t('flow.way', { from: callerName(way, t) })}</Link>
            <button type="button" className="link row" onClick={() => set('call', undefined)} aria-label={t('flow.whole')} title={t('flow.whole')}>
              <X size={13} aria-hidden />
            </button>
          </span>
        )}
        {me.role === 'admin' && !narrow && (
          <Button type="primary" icon={<PencilLine size={15} />} onClick={() => void go(`/flows/${encodeURIComponent(id)}/edit`)}>
            {t('editor.edit')}
          </Button>
        )}
      </Head>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!error && (!flow || (call !== null && !way)) && (
        <div className="panel">
          <Bones rows={8} />
        </div>
      )}
      {flow && (call === null || way) && narrow && <FlowList flow={flow} specs={specs} visits={way?.visits} taken={way?.taken} select={select} />}
      {flow && (call === null || way) && !narrow && (
        <div className={`panel flow-body${block ? ' flow-open' : ''}`}>
          <ReactFlowProvider>
            <Canvas flow={flow} specs={specs} visits={way?.visits} taken={way?.taken} selected={selected} select={select} />
          </ReactFlowProvider>
          {block && <aside className="inspector-side">{details}</aside>}
        </div>
      )}
      {narrow && (
        <Drawer
          open={block !== undefined}
          onClose={() => select(undefined)}
          placement="bottom"
          size="72%"
          rootClassName="inspector-drawer"
          title={t('flow.block')}
        >
          {details}
        </Drawer>
      )}
    </div>
  )
}
