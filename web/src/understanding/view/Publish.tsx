/** Publishing: what will change, a note, and what came of it. A version that became worse waits for somebody's decision. */
import { App, Button, Input, Modal } from 'antd'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { http, take } from '../../api/client'
import { queries } from '../../api/queries'
import type { VersionView } from '../../api/types'
import { ErrorNote } from '../../components/Bits'
import { useDraft, useLanguage } from '../../lib/hooks'
import { useUnderstood } from '../context'
import { shareValues, took } from '../share'
import { Changes } from './Changes'

function Came({ version }: { version: VersionView }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { nameOf } = useUnderstood()
  const { report, state, number } = version
  const isLive = state === 'live'
  return (
    <div className="u-came" role="status">
      <p className={isLive ? 'u-came-head u-good' : 'u-came-head u-warn'}>
        {isLive ? <CircleCheck size={18} aria-hidden /> : <TriangleAlert size={18} aria-hidden />}
        {t(isLive ? 'understanding.is_live' : 'understanding.is_held', { version: number })}
      </p>
      <p className="soft">{t(isLive ? 'understanding.is_live_help' : 'understanding.is_held_help')}</p>
      <p className="muted num">
        {t('understanding.trained', { intents: report.intents, examples: report.examples, time: took(report.train_ms, language) })}
      </p>
      {report.tests ? (
        <p className="soft">{t('understanding.tests_now', shareValues(report.tests.all, language))}</p>
      ) : (
        <p className="muted">{t('understanding.no_tests_yet')}</p>
      )}
      {report.regressions.length > 0 && (
        <table className="u-regressions">
          <thead>
            <tr>
              <th scope="col">{t('understanding.worse')}</th>
              <th scope="col">{t('understanding.before')}</th>
              <th scope="col">{t('understanding.after')}</th>
            </tr>
          </thead>
          <tbody>
            {report.regressions.map(({ intent, before, now }) => (
              <tr key={intent}>
                <td>{nameOf(intent === '-' ? null : intent)}</td>
                <td className="num">{t('understanding.share', shareValues(before, language))}</td>
                <td className="num">{t('understanding.share', shareValues(now, language))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

export default function Publish({ close }: { close: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const { intents } = useUnderstood()
  const [note, setNote] = useDraft('understanding.note')
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)
  const [came, setCame] = useState<VersionView>()
  // What is held is trained already: it only has to answer.
  const publish = async (held?: number) => {
    setBusy(true)
    setFailure(null)
    try {
      const version = await take(
        held === undefined
          ? http.POST('/api/v1/intents/train', { body: { note: note.trim(), insist: false } })
          : http.POST('/api/v1/intents/versions/{number}/promote', { params: { path: { number: held } } }),
      )
      setCame(version)
      if (version.state === 'live') setNote('')
      // The draft, the versions, and what the live version makes of texts: all of it may be different now. The last check is not.
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'intents' && queryKey[1] !== 'check' })
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  const held = came?.state === 'held'
  const leave = () => {
    if (busy) void message.info(t('understanding.still_training'))
    close()
  }
  return (
    <Modal
      open
      width={600}
      title={t('understanding.publish_title')}
      onCancel={leave}
      footer={
        came && !held
          ? [
              <Button key="close" type="primary" onClick={close}>
                {t('understanding.done')}
              </Button>,
            ]
          : [
              <Button key="cancel" onClick={leave}>
                {t(held ? 'understanding.leave_held' : 'app.cancel')}
              </Button>,
              <Button key="go" type="primary" danger={held} loading={busy} onClick={() => void publish(held ? came.number : undefined)}>
                {t(held ? 'understanding.insist' : 'understanding.publish_go')}
              </Button>,
            ]
      }
    >
      <div className="u-form">
        {came && <Came version={came} />}
        {came && held && (
          <p>
            <Link to="/understanding/history" onClick={close}>
              {t('understanding.look_history')}
            </Link>
          </p>
        )}
        {!came && (
          <>
            <h3>{t(intents.draft?.live == null ? 'understanding.changes_flow' : 'understanding.changes_live', { version: intents.draft?.live ?? 0 })}</h3>
            <div className="u-publish-diff">
              <Changes from={intents.draft?.live ?? undefined} to={undefined} />
            </div>
            <label htmlFor="u-note">{t('understanding.note')}</label>
            <Input.TextArea
              id="u-note"
              value={note}
              maxLength={1_000}
              autoSize={{ minRows: 2, maxRows: 6 }}
              placeholder={t('understanding.note_help')}
              onChange={(event) => setNote(event.target.value)}
            />
            <p className="muted">{t('understanding.publish_help')}</p>
          </>
        )}
        {failure !== null && <ErrorNote error={failure} />}
      </div>
    </Modal>
  )
}
