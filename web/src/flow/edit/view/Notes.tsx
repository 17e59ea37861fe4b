/** How the draft stands: saved or not, and what somebody else has done to it meanwhile. */
import { useQuery } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { Check, CloudAlert, CloudUpload, Users } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { users } from '../../../api/queries'
import type { Me } from '../../../api/types'
import { Moment, useReason } from '../../../components/Bits'
import { download } from '../../../lib/download'
import { useNow } from '../../../lib/hooks'
import { useSession, useSessionState } from '../context'
import { written } from '../written'

export function SaveNote() {
  const { t } = useTranslation()
  const reason = useReason()
  const session = useSession()
  const { save } = useSessionState()
  const is = save.is
  const Icon = is === 'saved' ? Check : is === 'failed' || is === 'overtaken' ? CloudAlert : CloudUpload
  return (
    <span className={`row save-note save-${is}`} role="status" data-save={is} title={is === 'failed' ? reason(save.error) : undefined}>
      <Icon size={14} aria-hidden />
      {t(`editor.save_${is}`)}
      {is === 'failed' && (
        <Button type="link" size="small" onClick={() => void session.flush()}>
          {t('error.again')}
        </Button>
      )}
    </span>
  )
}

function useName(me: Me, id: string | null | undefined): string {
  const { t } = useTranslation()
  const { data } = useQuery(users)
  if (id === me.id) return t('editor.yourself')
  return data?.find((person) => person.id === id)?.name || t('editor.somebody')
}

async function keepMine(document: unknown, name: string): Promise<'copied' | 'downloaded'> {
  const text = `${JSON.stringify(document, null, 2)}\n`
  try {
    await navigator.clipboard.writeText(text)
    return 'copied'
  } catch {
    // Without a secure connection a page may not write to the clipboard.
    download(new Blob([text], { type: 'application/json' }), `${name || 'flow'}.json`)
    return 'downloaded'
  }
}

/** Somebody else was first: both are there, and nothing is sent until it is decided. */
export function OvertakenNote({ me, compare }: { me: Me; compare: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const now = useNow(30_000)
  const session = useSession()
  const { theirs } = useSessionState()
  const name = useName(me, theirs?.saved_by)
  if (!theirs) return null
  const copy = async () => {
    const draft = session.edit.draft()
    const how = await keepMine(written(draft), draft.id)
    void message.success(t(`editor.mine_${how}`))
  }
  return (
    <div className="overtaken" role="alert">
      <Users size={18} aria-hidden />
      <div className="spread">
        <strong>
          {t('editor.overtaken', { name })} {theirs.saved_at !== null && <Moment at={theirs.saved_at} now={now} />}
        </strong>
        <p>{t('editor.overtaken_help')}</p>
      </div>
      <div className="row overtaken-ways">
        <Button size="small" onClick={compare}>
          {t('editor.look_at_theirs')}
        </Button>
        <Button size="small" onClick={() => void copy()}>
          {t('editor.copy_mine')}
        </Button>
        <Button
          size="small"
          type="primary"
          onClick={() => {
            session.goOnFromTheirs()
            void message.info(t('editor.went_on'), 8)
          }}
        >
          {t('editor.go_on_from_theirs')}
        </Button>
      </div>
    </div>
  )
}

/** Nothing was in the way of somebody else's change, so it is here; it is said, so that nobody wonders. */
export function TakenNote({ me }: { me: Me }) {
  const { t } = useTranslation()
  const now = useNow(10_000)
  const { taken } = useSessionState()
  const name = useName(me, taken?.by)
  if (!taken) return null
  return (
    <span className="row chip taken-note" role="status">
      <Users size={13} aria-hidden />
      {t('editor.taken', { name })} <Moment at={taken.at} now={now} relative />
    </span>
  )
}
