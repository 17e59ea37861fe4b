/** A flow out of a file of another system: read, reported step by step, looked at, then taken into the draft. */
import { ReactFlowProvider } from '@xyflow/react'
import { Button, Modal, Segmented, Select } from 'antd'
import { CircleX, FileUp, TriangleAlert } from 'lucide-react'
import { useMemo, useRef, useState, type DragEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Bones, ErrorNote } from '../../../components/Bits'
import { words } from '../../../lib/format'
import { Canvas } from '../../Canvas'
import { importFlow, type Imported, type ImportItem, type ImportStatus } from '../api'
import { asFlow, inOrder, STATUSES, toFinish, worst } from '../begin'
import { useEdit, useEdited } from '../context'
import { total } from '../findings'
import { languageNames } from '../words'
import { useFindingWords } from './findingWords'
import { ImportList } from './ImportList'
import './studio.css'
import { useReplace } from './useReplace'

/** As much as a draft may have. */
const LARGEST = 10_000_000

interface File_ {
  name: string
  text: string
}

function Drop({ take, busy }: { take: (file: File) => void; busy: boolean }) {
  const { t } = useTranslation()
  const field = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  const over = (is: boolean) => (event: DragEvent) => {
    event.preventDefault()
    setOver(is)
  }
  return (
    <div
      className={isOver ? 'drop drop-over' : 'drop'}
      onDragOver={over(true)}
      onDragLeave={over(false)}
      onDrop={(event) => {
        over(false)(event)
        const [file] = event.dataTransfer.files
        if (file) take(file)
      }}
    >
      <FileUp size={24} aria-hidden />
      <p>
        <strong>{t('studio.drop')}</strong>
      </p>
      <p className="soft">{t('studio.drop_help')}</p>
      <input
        ref={field}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label={t('studio.choose_file')}
        onChange={(event) => {
          const file = event.target.files?.[0]
          event.target.value = ''
          if (file) take(file)
        }}
      />
      <Button type="primary" loading={busy} onClick={() => field.current?.click()}>
        {t('studio.choose_file')}
      </Button>
    </div>
  )
}

function Findings({ imported, choose }: { imported: Imported; choose: (block: string) => void }) {
  const { t } = useTranslation()
  const say = useFindingWords()
  const { errors, warnings } = total(imported.findings)
  if (imported.findings.length === 0) return <p className="is-good import-findings">{t('studio.no_findings')}</p>
  return (
    <details className="import-findings">
      <summary>
        {errors > 0 && <span className="is-error">{t('editor.errors', { count: errors })}</span>} {warnings > 0 && <span className="is-warning">{t('editor.warnings', { count: warnings })}</span>}
      </summary>
      <ul>
        {imported.findings.map((finding, index) => {
          const { message, fix } = say(finding)
          return (
            <li key={index}>
              <button type="button" className="import-item" disabled={finding.block === null} onClick={() => finding.block !== null && choose(finding.block)}>
                {finding.severity === 'error' ? <CircleX size={13} className="is-error" aria-label={t('editor.error')} /> : <TriangleAlert size={13} className="is-warning" aria-label={t('editor.warning')} />}
                <span>
                  {finding.block !== null && <strong>{`${words(finding.block)}: `}</strong>}
                  {message} <span className="muted">{fix}</span>
                </span>
              </button>
            </li>
          )
        })}
      </ul>
    </details>
  )
}

interface Props {
  /** Told what is left to do once it was taken. */
  taken: (left: ImportItem[]) => void
  close: () => void
}

export default function ImportFlow({ taken, close }: Props) {
  const { t } = useTranslation()
  const edit = useEdit()
  const draft = useEdited((now) => now.draft())
  const replace = useReplace()
  const [file, setFile] = useState<File_>()
  const [language, setLanguage] = useState(draft.languages[0] ?? 'en')
  const [queue, setQueue] = useState<string | undefined>(draft.queues[0]?.id)
  const [found, setFound] = useState<Imported>()
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const [shown, setShown] = useState<ImportStatus | 'all'>('all')
  const [block, setBlock] = useState<string>()
  const reading = useRef<AbortController>(undefined)

  const read = async (one: File_, spoken: string, people: string | undefined) => {
    reading.current?.abort()
    const mine = new AbortController()
    reading.current = mine
    setBusy(true)
    setFailure(undefined)
    try {
      setFound(await importFlow(one.text, spoken, people, mine.signal))
      setBlock(undefined)
    } catch (error) {
      if (mine.signal.aborted) return
      setFound(undefined)
      setFailure(error)
    } finally {
      if (reading.current === mine) setBusy(false)
    }
  }
  const take = async (chosen: File) => {
    if (chosen.size > LARGEST) return setFailure(new Error(t('studio.too_large')))
    const one = { name: chosen.name, text: await chosen.text() }
    setFile(one)
    await read(one, language, queue)
  }
  const flow = useMemo(() => found && asFlow(found.document), [found])
  const items = useMemo(() => (found ? inOrder(found.report.items).filter(({ status }) => shown === 'all' || status === shown) : []), [found, shown])
  const looks = useMemo(() => {
    if (!found || !flow) return undefined
    const said = worst(found.report.items)
    return { blocks: new Map(flow.blocks.map(({ id }) => [id, `block-${said.get(id) ?? 'mapped'}`])), lines: new Map(flow.blocks.flatMap(({ id, edges }) => Object.values(edges).map((to) => [`${id} ${to}`, {}] as const))) }
  }, [found, flow])
  const name = flow?.name || file?.name || ''
  return (
    <Modal
      open
      width={found ? 1180 : 560}
      className="studio-dialog"
      title={t('studio.import')}
      onCancel={close}
      footer={
        found ? (
          <>
            <Button
              onClick={() => {
                setFound(undefined)
                setFile(undefined)
              }}
            >
              {t('studio.other_file')}
            </Button>
            <Button
              type="primary"
              loading={busy}
              onClick={() =>
                replace(name, found.document, () => {
                  taken(toFinish(found))
                  close()
                })
              }
            >
              {t('studio.take_into')}
            </Button>
          </>
        ) : null
      }
    >
      {failure !== undefined && <ErrorNote error={failure} />}
      {failure !== undefined && file && <p className="muted import-file">{file.name}</p>}
      {!found && !(busy && file) && <Drop take={(chosen) => void take(chosen)} busy={busy} />}
      {!found && busy && file && <Bones rows={5} />}
      {found && flow && (
        <div className="import-flow" aria-busy={busy}>
          <section className="import-report">
            <header>
              <p>
                <strong>{t(`studio.format.${found.format}`)}</strong> <span className="muted">{file?.name}</span>
              </p>
              <p className="row import-options">
                <label className="row">
                  <span className="muted">{t('studio.spoken')}</span>
                  <Select
                    size="small"
                    value={language}
                    options={Object.entries(languageNames).map(([value, label]) => ({ value, label }))}
                    onChange={(next) => {
                      setLanguage(next)
                      if (file) void read(file, next, queue)
                    }}
                  />
                </label>
                {draft.queues.length > 0 && (
                  <label className="row">
                    <span className="muted">{t('studio.people_to')}</span>
                    <Select
                      size="small"
                      value={queue}
                      popupMatchSelectWidth={false}
                      options={draft.queues.map(({ id, name: label }) => ({ value: id, label: label || id }))}
                      onChange={(next) => {
                        setQueue(next)
                        if (file) void read(file, language, next)
                      }}
                    />
                  </label>
                )}
              </p>
              <Segmented<ImportStatus | 'all'>
                size="small"
                value={shown}
                onChange={setShown}
                options={[
                  { value: 'all', label: `${t('studio.all')} ${found.report.items.length}` },
                  ...STATUSES.map((status) => ({ value: status, label: `${t(`studio.status.${status}`)} ${found.report[status]}` })),
                ]}
              />
            </header>
            <div className="import-scroll">
              <ImportList items={items} selected={block} choose={setBlock} />
            </div>
            <Findings imported={found} choose={setBlock} />
          </section>
          <section className="template-sight" aria-label={t('studio.preview')}>
            <ReactFlowProvider key={file?.name}>
              <Canvas flow={flow} specs={edit.specs} visits={undefined} taken={undefined} selected={block} select={setBlock} looks={looks} />
            </ReactFlowProvider>
          </section>
        </div>
      )}
    </Modal>
  )
}
