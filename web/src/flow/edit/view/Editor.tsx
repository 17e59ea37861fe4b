/** The editor: palette, canvas and form side by side, what was found below, and everything that can be done to the draft above. */
import { ReactFlowProvider, useReactFlow } from '@xyflow/react'
import { App, Button, Dropdown } from 'antd'
import { FileInput, FilePlus2, History, LayoutTemplate, PhoneCall, PhoneIncoming, Redo2, Rocket, Search, Undo2 } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Me } from '../../../api/types'
import { Head } from '../../../components/Shell'
import { HEIGHT, WIDTH } from '../../layout'
import { MAIN } from '../../parts'
import { addKind } from '../add'
import type { DraftView } from '../api'
import { keepLeft, leftBefore, type LeftToDo } from '../begin'
import { useEdit, useEdited, useSession, useSessionState } from '../context'
import { ready } from '../editing'
import { replays } from '../replay'
import '../texts'
import { Canvas } from './Canvas'
import type { Side } from './Compare'
import { FindBlock } from './FindBlock'
import { FindingsBar } from './FindingsBar'
import { ImportBar } from './ImportBar'
import { Inspector } from './Inspector'
import { OvertakenNote, SaveNote, TakenNote } from './Notes'
import { Palette } from './Palette'
import { PartsBar } from './PartsBar'
import { useClipboard } from './useClipboard'
import { useEditorKeys } from './useEditorKeys'

const Publish = lazy(() => import('./Publish'))
const Versions = lazy(() => import('./Versions'))
const Compare = lazy(() => import('./Compare'))
const Try = lazy(() => import('./Try'))
const Templates = lazy(() => import('./Templates'))
const ImportFlow = lazy(() => import('./ImportFlow'))
const Replay = lazy(() => import('./Replay'))

/** The middle of what is seen of the canvas. */
function useMiddle(): () => { x: number; y: number } {
  const graph = useReactFlow()
  return () => {
    const box = document.querySelector('.canvas-edit')?.getBoundingClientRect() ?? { left: 0, top: 0, width: 800, height: 400 }
    const { x, y } = graph.screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 })
    return { x: x - WIDTH / 2, y: y - HEIGHT / 2 }
  }
}

type Open = 'find' | 'publish' | 'versions' | 'templates' | 'import' | undefined

function Desk({ me, view }: { me: Me; view: DraftView }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const edit = useEdit()
  const session = useSession()
  const { theirs } = useSessionState()
  const draft = useEdited((now) => now.draft())
  const here = useEdited((now) => now.shown())
  const part = useEdited((now) => now.part())
  const canUndo = useEdited((now) => now.canUndo())
  const canRedo = useEdited((now) => now.canRedo())
  const [open, setOpen] = useState<Open>()
  const [compared, setCompared] = useState<{ from: Side; to?: Side }>()
  const [isTried, setTried] = useState(false)
  const [isReplayed, setReplayed] = useState(false)
  const [calls] = useState(() => replays(edit.draft))
  const [left, setLeft] = useState(leftBefore)
  const middle = useMiddle()
  const { copy } = useClipboard(middle)
  const mine: Side = { title: t('editor.the_draft'), draft }

  const remove = useEditorKeys({ find: () => setOpen('find'), tryOut: () => setTried(!isTried), isIdle: open === undefined && compared === undefined && !isReplayed })
  const add = (kind: string) => {
    const selected = edit.selected()
    const [from] = selected.length === 1 ? selected : []
    addKind(edit, kind, from === undefined ? middle() : undefined, from === undefined ? undefined : { block: from })
  }
  const publish = async () => {
    if (await session.flush()) setOpen('publish')
    else void message.warning(t('editor.not_saved_yet'))
  }
  const leave = (next: LeftToDo | undefined) => {
    keepLeft(next)
    setLeft(next)
  }
  const isAway = compared !== undefined || isReplayed
  const compareTheirs = () => theirs && setCompared({ from: { title: t('editor.theirs'), draft: ready(theirs.document) }, to: { title: t('editor.mine'), draft } })

  return (
    <div className="flow-page">
      <Head
        title={draft.name || t('nav.flows')}
        note={view.live === null ? t('editor.file_answers') : t('editor.version_answers', { version: view.live })}
      >
        <div className="row editor-tools">
          <TakenNote me={me} />
          <SaveNote />
          <Button type="text" icon={<Undo2 size={16} />} disabled={!canUndo} aria-label={t('editor.undo')} title={`${t('editor.undo')} (Ctrl Z)`} onClick={edit.undo} />
          <Button type="text" icon={<Redo2 size={16} />} disabled={!canRedo} aria-label={t('editor.redo')} title={`${t('editor.redo')} (Ctrl Shift Z)`} onClick={edit.redo} />
          <Dropdown
            trigger={['click']}
            menu={{
              items: [
                { key: 'templates', icon: <LayoutTemplate size={14} />, label: t('studio.from_template'), onClick: () => setOpen('templates') },
                { key: 'import', icon: <FileInput size={14} />, label: t('studio.from_file'), onClick: () => setOpen('import') },
              ],
            }}
          >
            <Button type="text" icon={<FilePlus2 size={16} />} disabled={isAway} aria-label={t('studio.begin')} title={t('studio.begin')} />
          </Dropdown>
          <Button type="text" icon={<Search size={16} />} disabled={isAway} aria-label={t('editor.find')} title={`${t('editor.find')} (Ctrl F)`} onClick={() => setOpen('find')} />
          <Button icon={<PhoneCall size={15} />} disabled={isAway} aria-pressed={isTried} title={`${t('editor.try')} (t)`} onClick={() => setTried(!isTried)}>
            {t('editor.try')}
          </Button>
          <Button icon={<PhoneIncoming size={15} />} disabled={compared !== undefined} aria-pressed={isReplayed} title={t('studio.replay_title')} onClick={() => setReplayed(!isReplayed)}>
            {t('studio.replay_short')}
          </Button>
          <Button icon={<History size={15} />} onClick={() => setOpen('versions')}>
            {t('editor.versions')}
          </Button>
          <Button type="primary" icon={<Rocket size={15} />} onClick={() => void publish()}>
            {t('editor.publish')}
          </Button>
        </div>
      </Head>
      <OvertakenNote me={me} compare={compareTheirs} />
      {compared ? (
        <Suspense fallback={null}>
          <Compare from={compared.from} to={compared.to ?? mine} close={() => setCompared(undefined)} />
        </Suspense>
      ) : isReplayed ? (
        <Suspense fallback={null}>
          <Replay replays={calls} close={() => setReplayed(false)} />
        </Suspense>
      ) : (
        <div className={`panel editor-body${isTried ? ' editor-trying' : ''}`}>
          <Palette add={add} />
          <div className="editor-middle">
            <PartsBar />
            <Canvas>
              {open === 'find' && <FindBlock close={() => setOpen(undefined)} />}
              {here.length === 0 && (
                <div className="canvas-empty">
                  <p>{t('editor.empty_canvas')}</p>
                  {part === MAIN && (
                    <p className="row">
                      <Button type="primary" icon={<LayoutTemplate size={15} />} onClick={() => setOpen('templates')}>
                        {t('studio.from_template')}
                      </Button>
                      <Button icon={<FileInput size={15} />} onClick={() => setOpen('import')}>
                        {t('studio.from_file')}
                      </Button>
                    </p>
                  )}
                </div>
              )}
            </Canvas>
            {left && <ImportBar left={left} change={leave} />}
            <FindingsBar />
          </div>
          {isTried && (
            <Suspense fallback={<aside className="try" />}>
              <Try close={() => setTried(false)} />
            </Suspense>
          )}
          <Inspector remove={remove} copy={copy} />
        </div>
      )}
      <Suspense fallback={null}>
        {open === 'publish' && (
          <Publish
            live={view.live_document}
            replays={calls}
            look={() => {
              setOpen(undefined)
              setReplayed(true)
            }}
            close={() => setOpen(undefined)}
          />
        )}
        {open === 'templates' && <Templates taken={() => leave(undefined)} close={() => setOpen(undefined)} />}
        {open === 'import' && <ImportFlow taken={(items) => leave(items.length === 0 ? undefined : { items, done: [] })} close={() => setOpen(undefined)} />}
        {open === 'versions' && (
          <Versions
            compare={(from) => {
              setCompared({ from })
              setOpen(undefined)
            }}
            close={() => setOpen(undefined)}
          />
        )}
      </Suspense>
    </div>
  )
}

export function Editor(props: { me: Me; view: DraftView }) {
  return (
    <ReactFlowProvider>
      <Desk {...props} />
    </ReactFlowProvider>
  )
}
