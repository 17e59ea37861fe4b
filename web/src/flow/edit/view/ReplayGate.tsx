/** Before publishing: what the draft would have done to the last calls, counted; the way to look at each is one click. */
import { Button } from 'antd'
import { History } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../../components/Bits'
import { useEdited } from '../context'
import { CALLS, type Replays } from '../replay'
import { ReplayCounts } from './ReplayCounts'
import './studio.css'

export function ReplayGate({ replays, look }: { replays: Replays; look: () => void }) {
  const { t } = useTranslation()
  const draft = useEdited((now) => now.draft())
  const { busy, error, found, blocks } = useSyncExternalStore(replays.subscribe, replays.state)
  const isFresh = found !== undefined && blocks === draft.blocks
  const run = () => void replays.run(found?.calls || CALLS.usual)
  return (
    <section className="replay-gate" aria-busy={busy}>
      <h3>{t('studio.replay')}</h3>
      {error !== undefined && <ErrorNote error={error} again={run} />}
      {isFresh && !busy ? (
        <>
          <ReplayCounts found={found} />
          <p className="row">
            <span className="soft spread">{t(found.moved + found.diverged === 0 ? 'studio.gate_same' : 'studio.gate_moved', { count: found.moved + found.diverged })}</span>
            {found.results.length > 0 && (
              <Button size="small" onClick={look}>
                {t('studio.gate_look')}
              </Button>
            )}
          </p>
        </>
      ) : (
        <p className="row">
          <span className="soft spread">{t('studio.gate_help', { count: CALLS.usual })}</span>
          <Button size="small" icon={<History size={13} />} loading={busy} onClick={run}>
            {t('studio.gate_run')}
          </Button>
        </p>
      )}
    </section>
  )
}
