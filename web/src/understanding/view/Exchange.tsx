/** Training data to and from other programs: the buttons, and what the last import brought, with the way back. */
import { App, Button, Dropdown, Popconfirm } from 'antd'
import { FileDown, FileUp, Undo2, X } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useReason } from '../../components/Bits'
import { download } from '../../lib/download'
import { useUnderstood } from '../context'
import { formats, grouped, written } from '../exchange'
import { Report } from './Report'

const Import = lazy(() => import('./Import'))

export function Exchange() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reason = useReason()
  const { intents, admin } = useUnderstood()
  const [importing, setImporting] = useState(false)
  const [busy, setBusy] = useState(false)
  const write = async (wanted: string) => {
    const one = formats.find(({ format }) => format === wanted)
    if (!one) return
    setBusy(true)
    try {
      // What is exported is what is seen; the page says why when it cannot be saved.
      if (await intents.save()) download(await written(one.format), one.file)
    } catch (error) {
      void message.error(reason(error), 8)
    } finally {
      setBusy(false)
    }
  }
  const items = formats.map(({ format, file }) => ({
    key: format,
    label: t(`understanding.format_${format}`),
    extra: <span className="mono muted">{file}</span>,
  }))
  return (
    <div className="u-exchange">
      {admin && (
        <Button size="small" type="text" icon={<FileUp size={14} />} onClick={() => setImporting(true)}>
          {t('understanding.import')}
        </Button>
      )}
      <Dropdown trigger={['click']} autoFocus menu={{ items, onClick: ({ key }) => void write(key) }}>
        <Button size="small" type="text" icon={<FileDown size={14} />} loading={busy} title={t('understanding.export_help')}>
          {t('understanding.export')}
        </Button>
      </Dropdown>
      <Suspense fallback={null}>{importing && <Import close={() => setImporting(false)} />}</Suspense>
    </div>
  )
}

/** The last import: in the draft now, and out of it again with one click as long as nothing else was saved. */
export function BroughtNote() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reason = useReason()
  const { intents } = useUnderstood()
  const [busy, setBusy] = useState(false)
  const { brought, draft } = intents
  if (!brought) return null
  const { file, found } = brought
  const findings = grouped(found.findings).reduce((all, { count }) => all + count, 0)
  const undo = async () => {
    setBusy(true)
    try {
      await intents.undoBringing()
      void message.success(t('understanding.import_undone', { file }))
    } catch (error) {
      void message.error(reason(error), 8)
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className="panel u-brought" role="status">
      <div className="u-head-row">
        <p className="spread">
          <strong>{t('understanding.brought', { file, count: found.new_examples })}</strong>{' '}
          <span className="soft">{t('understanding.brought_help')}</span>
        </p>
        {draft?.revision === found.revision && (
          <Popconfirm
            title={t('understanding.import_undo_sure')}
            okText={t('understanding.import_undo')}
            cancelText={t('app.cancel')}
            onConfirm={() => void undo()}
          >
            <Button size="small" icon={<Undo2 size={14} />} loading={busy}>
              {t('understanding.import_undo')}
            </Button>
          </Popconfirm>
        )}
        <Button size="small" type="text" icon={<X size={15} />} aria-label={t('understanding.close')} onClick={intents.closeBrought} />
      </div>
      {findings > 0 && (
        <details>
          <summary>{t('understanding.brought_findings', { count: findings })}</summary>
          <div className="u-findings">
            <Report findings={found.findings} />
          </div>
        </details>
      )}
    </section>
  )
}
