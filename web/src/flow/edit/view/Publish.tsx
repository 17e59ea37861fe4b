/** Publishing: what callers will hear differently, a note, now or later. Errors refuse, and say where they are. */
import { Button, Input, Modal, Segmented } from 'antd'
import { CircleCheck, CircleX } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../../components/Bits'
import { dateTime } from '../../../lib/format'
import { useDraft, useLanguage } from '../../../lib/hooks'
import { publish, publishedChanged, type FlowVersion } from '../api'
import { useEdited, useSession } from '../context'
import { count, difference, isSame } from '../difference'
import { open } from '../draft'
import { total } from '../findings'
import type { Replays } from '../replay'
import { Mark } from '../../Mark'
import { ChangeList } from './Changes'
import { ReplayGate } from './ReplayGate'

/** The local time of a field, as the field writes it. */
function local(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return date.toISOString().slice(0, 16)
}

function Came({ version }: { version: FlowVersion }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const isLive = version.state === 'live'
  return (
    <div className="came" role="status">
      <p className="row came-head">
        <CircleCheck size={18} aria-hidden />
        {isLive
          ? t('editor.is_live', { version: version.number })
          : t('editor.is_scheduled', { version: version.number, at: dateTime(version.at ?? 0, language) })}
      </p>
      <p className="soft">{t(isLive ? 'editor.is_live_help' : 'editor.is_scheduled_help')}</p>
    </div>
  )
}

interface Props {
  live: Record<string, unknown>
  replays: Replays
  /** Shows the calls that would have gone another way. */
  look: () => void
  close: () => void
}

export default function Publish({ live, replays, look, close }: Props) {
  const { t } = useTranslation()
  const session = useSession()
  const draft = useEdited((now) => now.draft())
  const findings = useEdited((now) => now.findings())
  const [note, setNote] = useDraft('flow.note')
  const [when, setWhen] = useState<'now' | 'later'>('now')
  const [at, setAt] = useState(() => local(Date.now() + 60 * 60_000))
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)
  const [came, setCame] = useState<FlowVersion>()
  const before = useMemo(() => open(live), [live])
  const found = useMemo(() => difference(before, draft), [before, draft])
  const { errors, warnings } = total(findings)
  const time = new Date(at).getTime()
  const isLate = when === 'later' && !(time > Date.parse(new Date().toISOString()))

  const go = async () => {
    setBusy(true)
    setFailure(null)
    try {
      if (!(await session.flush())) return close()
      setCame(await publish(session.revision(), note.trim(), when === 'later' ? time : undefined))
      setNote('')
      await publishedChanged()
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal
      open
      width={640}
      title={t('editor.publish_title')}
      onCancel={close}
      footer={
        came ? (
          <Button type="primary" onClick={close}>
            {t('editor.done')}
          </Button>
        ) : (
          <>
            <Button onClick={close}>{t('app.cancel')}</Button>
            <Button type="primary" loading={busy} disabled={errors > 0 || isLate} onClick={() => void go()}>
              {t(when === 'now' ? 'editor.publish_now' : 'editor.publish_later')}
            </Button>
          </>
        )
      }
    >
      {came && <Came version={came} />}
      {!came && (
        <div className="publish">
          {errors > 0 && (
            <p className="found found-error" role="alert">
              <CircleX size={14} aria-hidden />
              {t('editor.errors_refuse', { count: errors })}
            </p>
          )}
          {errors === 0 && warnings > 0 && <p className="soft">{t('editor.warnings_allow', { count: warnings })}</p>}
          {failure !== null && <ErrorNote error={failure} />}
          <section>
            <h3 className="row">
              <span className="spread">{t('editor.what_changes')}</span>
              {!isSame(found) &&
                (['added', 'removed', 'changed'] as const).map((stands) => (
                  <span key={stands} className="row">
                    <Mark stands={stands} named />
                    <span className="num">{count(found, stands)}</span>
                  </span>
                ))}
            </h3>
            <div className="publish-changes">
              <ChangeList found={found} />
            </div>
          </section>
          <ReplayGate replays={replays} look={look} />
          <label className="publish-field">
            <h3>{t('editor.note')}</h3>
            <Input.TextArea autoSize={{ minRows: 2, maxRows: 5 }} maxLength={1000} placeholder={t('editor.note_hint')} value={note} onChange={(event) => setNote(event.target.value)} />
          </label>
          <div className="publish-field">
            <h3>{t('editor.when')}</h3>
            <div className="row">
              <Segmented<'now' | 'later'>
                value={when}
                onChange={setWhen}
                options={[
                  { value: 'now', label: t('editor.now') },
                  { value: 'later', label: t('editor.later') },
                ]}
              />
              {when === 'later' && (
                <Input
                  type="datetime-local"
                  className="publish-time"
                  aria-label={t('editor.time')}
                  status={isLate ? 'error' : undefined}
                  value={at}
                  onChange={(event) => setAt(event.target.value)}
                />
              )}
            </div>
            <p className="field-help">{t(isLate ? 'editor.too_late' : 'editor.calls_finish')}</p>
          </div>
        </div>
      )}
    </Modal>
  )
}
