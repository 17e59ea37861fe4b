/** The draft of the flow: to work on for whoever may, to look at for others and on a telephone. */
import { useQuery } from '@tanstack/react-query'
import { Drawer } from 'antd'
import { ReactFlowProvider } from '@xyflow/react'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Me } from '../api/types'
import { Bones, ErrorNote } from '../components/Bits'
import { Head } from '../components/Shell'
import { Canvas } from '../flow/Canvas'
import type { BlockSpec } from '../flow/document'
import { readDocument } from '../flow/document'
import { FlowList } from '../flow/FlowList'
import { Inspector } from '../flow/Inspector'
import { blocksQuery, draftQuery, type DraftView } from '../flow/edit/api'
import { SessionContext } from '../flow/edit/context'
import { session as begin } from '../flow/edit/session'
import { Editor } from '../flow/edit/view/Editor'
import { useKeys, useNarrow, useTitle } from '../lib/hooks'
import '../flow/flow.css'
import '../flow/edit/view/editor.css'
import '../flow/edit/view/form.css'
import '../flow/edit/view/versions.css'

/** How often it is asked whether somebody else has saved; not while the page is out of sight. */
const LOOK_MS = 4_000

function Work({ me, view, specs }: { me: Me; view: DraftView; specs: ReadonlyMap<string, BlockSpec> }) {
  const [session] = useState(() => begin(view, specs))
  useEffect(() => session.seen(view), [session, view])
  useEffect(() => session.leave, [session])
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      session.keepNow()
      if (!session.isSaved()) event.preventDefault()
    }
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [session])
  return (
    <SessionContext value={session}>
      <Editor me={me} view={view} />
    </SessionContext>
  )
}

function Look({ view, specs, narrow }: { view: DraftView; specs: ReadonlyMap<string, BlockSpec>; narrow: boolean }) {
  const { t } = useTranslation()
  const flow = useMemo(() => readDocument({ id: '', version: '', blocks: [], document: view.document }), [view.document])
  const [selected, select] = useState<string>()
  const block = flow.blocks.find(({ id }) => id === selected)
  useKeys(block ? { Escape: () => select(undefined) } : {})
  const details = block && <Inspector block={block} spec={specs.get(block.type)} start={block.id === flow.start} go={select} />
  return (
    <div className="flow-page">
      <Head title={flow.name || t('nav.flows')} note={t(narrow ? 'editor.narrow' : 'editor.only_admins')} />
      {narrow ? (
        <FlowList flow={flow} specs={specs} select={select} />
      ) : (
        <div className={`panel flow-body${block ? ' flow-open' : ''}`}>
          <ReactFlowProvider>
            <Canvas flow={flow} specs={specs} visits={undefined} taken={undefined} selected={selected} select={select} />
          </ReactFlowProvider>
          {block && <aside className="inspector-side">{details}</aside>}
        </div>
      )}
      {narrow && (
        <Drawer open={block !== undefined} onClose={() => select(undefined)} placement="bottom" size="72%" rootClassName="inspector-drawer" title={t('flow.block')}>
          {details}
        </Drawer>
      )}
    </div>
  )
}

export default function FlowEditor({ me }: { me: Me }) {
  const { t } = useTranslation()
  useTitle(t('editor.title'))
  const narrow = useNarrow()
  const draft = useQuery({ ...draftQuery, refetchInterval: LOOK_MS })
  const blocks = useQuery(blocksQuery)
  const specs = useMemo(() => blocks.data && new Map(blocks.data.map((spec) => [spec.name, spec])), [blocks.data])
  const error = (draft.data ? null : draft.error) ?? blocks.error
  if (error) {
    return (
      <ErrorNote
        error={error}
        again={() => {
          void draft.refetch()
          void blocks.refetch()
        }}
      />
    )
  }
  if (!draft.data || !specs) {
    return (
      <div className="panel">
        <Bones rows={8} />
      </div>
    )
  }
  if (narrow || me.role !== 'admin') return <Look view={draft.data} specs={specs} narrow={narrow} />
  return <Work me={me} view={draft.data} specs={specs} />
}
