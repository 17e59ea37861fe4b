/** Articles out of a file: read first, looked at, then kept as drafts. */
import { App, Button, Input, Modal, Segmented } from 'antd'
import { FileUp } from 'lucide-react'
import { useRef, useState, type ChangeEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { http, take } from '../api/client'
import { queries } from '../api/queries'
import type { FileForm, Imported } from '../api/types'
import { ErrorNote } from '../components/Bits'
import { formOf } from './text'

const forms: readonly FileForm[] = ['markdown', 'csv', 'web']

export default function ImportFile({ close }: { close: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const file = useRef<HTMLInputElement>(null)
  const [form, setForm] = useState<FileForm>('markdown')
  const [text, setText] = useState('')
  const [read, setRead] = useState<Imported>()
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)

  const send = async (keep: boolean) => {
    setBusy(true)
    setFailure(undefined)
    try {
      const found = await take(http.POST('/api/v1/knowledge/import', { body: { form, text, keep } }))
      if (!keep) return setRead(found)
      await queries.invalidateQueries({ queryKey: ['knowledge'] })
      void message.success(t('knowledge.imported', { count: found.added.length }))
      close()
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  const open = async (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = event.target.files?.[0]
    event.target.value = ''
    if (!chosen) return
    setForm(formOf(chosen.name))
    setText(await chosen.text())
    setRead(undefined)
  }
  return (
    <Modal
      open
      width={720}
      title={t('knowledge.import')}
      onCancel={close}
      footer={[
        <Button key="read" loading={busy && !read} disabled={text.trim() === ''} onClick={() => void send(false)}>
          {t('knowledge.import_read')}
        </Button>,
        <Button
          key="keep"
          type="primary"
          loading={busy && read !== undefined}
          disabled={!read || read.articles.length === 0}
          onClick={() => void send(true)}
        >
          {t('knowledge.import_keep', { count: read?.articles.length ?? 0 })}
        </Button>,
      ]}
    >
      <div className="import">
        <p className="muted">{t(`knowledge.import_help_${form}`)}</p>
        <p className="row">
          <Segmented<FileForm>
            value={form}
            onChange={(next) => {
              setForm(next)
              setRead(undefined)
            }}
            options={forms.map((value) => ({ value, label: t(`knowledge.form_${value}`) }))}
          />
          <input ref={file} type="file" accept=".md,.markdown,.txt,.csv,.tsv,.html,.htm" hidden onChange={(event) => void open(event)} />
          <Button icon={<FileUp size={14} />} onClick={() => file.current?.click()}>
            {t('knowledge.import_file')}
          </Button>
        </p>
        <Input.TextArea
          rows={7}
          value={text}
          aria-label={t('knowledge.import_text')}
          placeholder={t('knowledge.import_text')}
          onChange={(event) => {
            setText(event.target.value)
            setRead(undefined)
          }}
        />
        {failure !== undefined && <ErrorNote error={failure} again={() => void send(false)} />}
        {read && (
          <div aria-live="polite">
            <h2>{t('knowledge.import_found', { count: read.articles.length })}</h2>
            <ol className="import-found">
              {read.articles.map((article, index) => (
                <li key={index}>
                  <strong>{article.questions[0]}</strong>
                  {article.questions.length > 1 && (
                    <span className="muted"> {t('knowledge.more_questions', { count: article.questions.length - 1 })}</span>
                  )}
                </li>
              ))}
            </ol>
            {read.notes.length > 0 && (
              <>
                <h2>{t('knowledge.import_notes')}</h2>
                <ul className="import-notes">
                  {read.notes.map((note, index) => (
                    <li key={index}>
                      {note.line !== null && <span className="muted num">{t('knowledge.line', { line: note.line })} </span>}
                      {t(`knowledge.missed_${note.what}`)}
                      {note.text !== '' && <span className="soft"> — {note.text}</span>}
                    </li>
                  ))}
                </ul>
              </>
            )}
          </div>
        )}
      </div>
    </Modal>
  )
}
