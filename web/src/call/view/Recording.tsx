/** The recording's panel: play, time, speed, the waveform, and under it who spoke when. */
import { useQuery } from '@tanstack/react-query'
import { Button, Select } from 'antd'
import { Pause, Play } from 'lucide-react'
import { lazy, Suspense, useState, type Ref } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from '../../api/client'
import { peaks as peaksQuery, recordingUrl } from '../../api/queries'
import { ErrorNote } from '../../components/Bits'
import { clock } from '../../lib/format'
import { useNarrow } from '../../lib/hooks'
import type { Line } from '../transcript'
import type { Player } from './Waveform'

const Waveform = lazy(() => import('./Waveform'))
const SPEEDS = [0.75, 1, 1.25, 1.5, 2]

interface Props {
  call: string
  lines: readonly Line[]
  player: Ref<Player>
  act: Player
  onTime: (ms: number) => void
}

export function Recording({ call, lines, player, act, onTime }: Props) {
  const { t } = useTranslation()
  const { data, error, isPending, refetch } = useQuery(peaksQuery(call))
  const [time, setTime] = useState(0)
  const [playing, setPlaying] = useState(false)
  const [broken, setBroken] = useState(false)
  const height = useNarrow() ? 34 : 40

  if (error instanceof Failure && error.status === 404) {
    return <p className="panel recording-none muted">{t('recording.none')}</p>
  }
  if (error) return <ErrorNote error={error} again={() => void refetch()} />
  const length = data ? (Math.max(data.left.length, data.right.length) / data.per_second) * 1_000 : 0

  return (
    <section className="panel recording" aria-label={t('recording.title')}>
      <div className="recording-bar">
        <Button
          type="primary"
          shape="circle"
          disabled={!data}
          icon={playing ? <Pause size={16} fill="currentColor" /> : <Play size={16} fill="currentColor" />}
          aria-label={t(playing ? 'recording.pause' : 'recording.play')}
          title={t(playing ? 'recording.pause' : 'recording.play')}
          onClick={() => act.toggle()}
        />
        <Select
          size="small"
          variant="filled"
          defaultValue={1}
          aria-label={t('recording.speed')}
          options={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
          onChange={(rate) => act.speed(rate)}
          popupMatchSelectWidth={false}
        />
      </div>
      <div className="recording-wave">
        <div className="recording-sides" aria-hidden>
          <span>{t('recording.left')}</span>
          <span>{t('recording.right')}</span>
        </div>
        <div className="recording-body">
          {isPending || !data ? (
            <div className="wave-bones" style={{ height: height * 2 }} />
          ) : (
            <Suspense fallback={<div className="wave-bones" style={{ height: height * 2 }} />}>
              <Waveform
                url={recordingUrl(call)}
                peaks={data}
                lengthMs={length}
                height={height}
                player={player}
                onPlaying={setPlaying}
                onError={() => setBroken(true)}
                onTime={(ms) => {
                  setTime(ms)
                  onTime(ms)
                }}
              />
            </Suspense>
          )}
          <div className="lane" aria-hidden>
            {length > 0 &&
              lines.map((line) => {
                if (line.type === 'event' || line.from === undefined) return null
                const to = line.type === 'spoken' ? (line.to ?? line.from) : line.from + 400
                return (
                  <button
                    key={line.key}
                    type="button"
                    tabIndex={-1}
                    className={`lane-${line.type === 'keys' ? 'caller' : line.voice}`}
                    style={{
                      left: `${(line.from / length) * 100}%`,
                      width: `${Math.max(0.3, ((to - line.from) / length) * 100)}%`,
                    }}
                    onClick={() => act.play(line.from)}
                  />
                )
              })}
          </div>
        </div>
      </div>
      <div className="recording-time num">
        <strong>{clock(time)}</strong>
        <span className="muted">{clock(length)}</span>
      </div>
      {broken && (
        <p className="recording-broken bad" role="alert">
          {t('recording.broken')}
        </p>
      )}
    </section>
  )
}
