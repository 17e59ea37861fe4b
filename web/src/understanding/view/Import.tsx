/** Training data out of a file: looked at first, with everything that does not map; then added to the draft, or not. */
import { Button, Modal } from 'antd'
import { FileUp } from 'lucide-react'
import { useEffect, useRef, useState, type ChangeEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from '../../api/client'
import type { ImportedTraining } from '../../api/types'
import { Bones, ErrorNote } from '../../components/Bits'
import { listed } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import { useUnderstood } from '../context'
import { count } from '../edits'
import { bringsSomething, LARGEST_FILE, read, unfit, type TrainingFile, type Unfit } from '../exchange'
import { Report } from './Report'

/** A help for the file dialog; what it is, the service tells from the content. */
const ENDINGS = '.yml,.yaml,.md,.zip,.json,.jsonl,.ndjson,.csv,.tsv,.txt'

/** Whether the same may go well another time; a file that is refused stays the same. */
const canPass = (failure: unknown): boolean => !(failure instanceof Failure && failure.status >= 400 && failure.status < 500)

interface Looked {
  file: TrainingFile
  found?: ImportedTraining
  failure?: unknown
}

/** A file that did not even leave the browser. */
interface Refused {
  name: string
  why: Unfit | 'unreadable'
}

/** Takes files that are dropped anywhere: beside the box the browser would open them and leave the page. Whether some hover. */
function useDrop(take: (files: File[]) => void): boolean {
  const [over, setOver] = useState(false)
  const latest = useRef(take)
  useEffect(() => {
    latest.current = take
  })
  useEffect(() => {
    const hover = (event: DragEvent) => {
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false)
    const drop = (event: DragEvent) => {
      event.preventDefault()
      setOver(false)
      latest.current([...(event.dataTransfer?.files ?? [])])
    }
    window.addEventListener('dragover', hover)
    window.addEventListener('dragleave', leave)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragover', hover)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('drop', drop)
    }
  }, [])
  return over
}

function Found({ file, found }: { file: TrainingFile; found: ImportedTraining }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { formats, intents, examples, out_of_scope, new_examples, lists, answers, findings } = found
  return (
    <>
      <div className="u-found">
        <h3>{t('understanding.import_is', { file: file.name, formats: listed(formats, language) })}</h3>
        <p>
          {[
            t('understanding.import_intents', { count: intents }),
            t('understanding.examples', { count: examples }),
            ...(out_of_scope > 0 ? [t('understanding.import_outside', { count: out_of_scope })] : []),
          ].join(' · ')}
        </p>
        <p className={new_examples > 0 ? 'u-good' : 'soft'}>{t('understanding.import_new', { count: new_examples })}</p>
        {lists > 0 && <p className="u-warn">{t('understanding.import_lists', { count: lists })}</p>}
        {answers > 0 && <p className="u-warn">{t('understanding.import_answers', { count: answers })}</p>}
      </div>
      <div className="u-findings">
        <Report findings={findings} />
      </div>
    </>
  )
}

export default function Import({ close }: { close: () => void }) {
  const { t } = useTranslation()
  const { intents } = useUnderstood()
  const input = useRef<HTMLInputElement>(null)
  const [looked, setLooked] = useState<Looked>()
  const [refused, setRefused] = useState<Refused>()
  const [busy, setBusy] = useState<'looking' | 'adding'>()
  const changes = count(intents.edits)
  const found = looked?.found

  const look = async (file: TrainingFile) => {
    setBusy('looking')
    setLooked({ file })
    try {
      const known = await read(file)
      setLooked({ file, found: known })
    } catch (failure) {
      setLooked({ file, failure })
    } finally {
      setBusy(undefined)
    }
  }
  const choose = async (files: readonly File[]) => {
    const [chosen] = files
    if (!chosen || busy) return
    const why = unfit(files)
    setLooked(undefined)
    setRefused(why && { name: chosen.name, why })
    if (why) return
    let bytes: ArrayBuffer
    try {
      bytes = await chosen.arrayBuffer()
    } catch {
      return setRefused({ name: chosen.name, why: 'unreadable' })
    }
    await look({ name: chosen.name, bytes })
  }
  const chosen = (event: ChangeEvent<HTMLInputElement>) => {
    const files = [...(event.target.files ?? [])]
    event.target.value = ''
    void choose(files)
  }
  const over = useDrop((files) => void choose(files))
  const add = async () => {
    if (!looked) return
    setBusy('adding')
    try {
      if (await intents.bringIn(looked.file)) close()
    } catch (failure) {
      setLooked({ ...looked, failure })
    } finally {
      setBusy(undefined)
    }
  }
  const takeInAndLook = async () => {
    await intents.takeIn()
    if (looked) await look(looked.file)
  }

  return (
    <Modal
      open
      width={720}
      title={t('understanding.import_title')}
      onCancel={close}
      closable={busy !== 'adding'}
      keyboard={busy !== 'adding'}
      mask={{ closable: false }}
      footer={[
        <Button key="cancel" disabled={busy === 'adding'} onClick={close}>
          {t('app.cancel')}
        </Button>,
        <Button
          key="add"
          type="primary"
          loading={busy === 'adding'}
          disabled={!found || !bringsSomething(found) || busy !== undefined || intents.stale}
          onClick={() => void add()}
        >
          {t('understanding.import_add', { count: found?.new_examples ?? 0 })}
        </Button>,
      ]}
    >
      <div className={over ? 'u-form u-over' : 'u-form'}>
        <p className="muted">{t('understanding.import_help', { most: LARGEST_FILE >> 20 })}</p>
        <div className="u-drop">
          <span className="muted">{t('understanding.import_drop')}</span>
          <input ref={input} type="file" accept={ENDINGS} hidden onChange={chosen} aria-label={t('understanding.import_choose')} />
          <Button autoFocus icon={<FileUp size={15} />} disabled={busy !== undefined} onClick={() => input.current?.click()}>
            {t(looked || refused ? 'understanding.import_other' : 'understanding.import_choose')}
          </Button>
        </div>
        {refused && (
          <p className="u-note u-refused" role="alert">
            {t(`understanding.import_${refused.why}`, { file: refused.name, most: LARGEST_FILE >> 20 })}
          </p>
        )}
        {busy === 'looking' && <Bones rows={3} />}
        <div className="u-form" aria-live="polite">
          {looked && found && <Found file={looked.file} found={found} />}
        </div>
        {/* Below the report, beside the buttons: what keeps them from being pressed is in sight. */}
        {looked?.failure !== undefined && <ErrorNote error={looked.failure} again={canPass(looked.failure) ? () => void look(looked.file) : undefined} />}
        {intents.failure !== null && <ErrorNote error={intents.failure} />}
        {intents.stale && (
          <div className="u-stale" role="alert">
            <div className="spread">
              <strong>{t('understanding.stale')}</strong>
              <p>{t('understanding.import_stale_help')}</p>
            </div>
            <Button type="primary" size="small" disabled={busy !== undefined} onClick={() => void takeInAndLook()}>
              {t('understanding.take_in')}
            </Button>
          </div>
        )}
        {found && changes > 0 && <p className="u-note">{t('understanding.import_saves', { count: changes })}</p>}
      </div>
    </Modal>
  )
}
