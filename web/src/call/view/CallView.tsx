/** A call to read and to hear: recording, transcript, journal, latency, path. The same on its own page and in its ticket. */
import { Tabs, type TabsProps } from 'antd'
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Bones } from '../../components/Bits'
import { flowId } from '../../flow/name'
import { useKeys, useNarrow } from '../../lib/hooks'
import type { CallNow } from '../useCall'
import { path } from '../path'
import { playhead } from '../playhead'
import { lineAt, neighbour, transcript } from '../transcript'
import { Journal } from './Journal'
import { LatencyTable } from './Latency'
import { Path } from './Path'
import { Recording } from './Recording'
import { Transcript } from './Transcript'
import type { Player } from './Waveform'
import './call.css'

const Technical = lazy(() => import('../../technical/view/Technical'))

const SEEK_MS = 5_000

export function CallView({ call, stacked = false }: { call: CallNow; stacked?: boolean }) {
  const { t } = useTranslation()
  const slim = useNarrow()
  const narrow = slim || stacked
  const player = useRef<Player>(null)
  const [current, setCurrent] = useState<string>()
  const [head] = useState(playhead)
  const [tab, setTab] = useState<string>()
  const { entries } = call
  const lines = useMemo(() => transcript(entries), [entries])
  const steps = useMemo(() => path(entries), [entries])
  const recorded = call.channel !== 'chat' && call.state === 'ended' && entries.some((entry) => entry.kind === 'answered')

  /** Reaches through to whatever player there is at the moment of the click. */
  const act = useMemo<Player>(
    () => ({
      play: (from) => player.current?.play(from),
      seek: (ms) => player.current?.seek(ms),
      toggle: () => player.current?.toggle(),
      now: () => player.current?.now() ?? 0,
      speed: (rate) => player.current?.speed(rate),
    }),
    [],
  )
  const play = recorded ? act.play : undefined
  const onTime = useCallback(
    (ms: number) => {
      setCurrent(lineAt(lines, ms))
      head.move(ms)
    },
    [lines, head],
  )
  const step = (direction: 1 | -1) => {
    const line = neighbour(lines, act.now(), direction)
    if (line?.from !== undefined) act.play(line.from)
  }
  useKeys(
    recorded
      ? {
          ' ': act.toggle,
          j: () => step(1),
          k: () => step(-1),
          ArrowRight: () => act.seek(act.now() + SEEK_MS),
          ArrowLeft: () => act.seek(act.now() - SEEK_MS),
        }
      : {},
  )

  const words = <Transcript call={call} lines={lines} current={current} head={head} play={play} />
  const all = [
    { key: 'journal', label: t('journal.title'), children: <Journal entries={entries} play={play} /> },
    { key: 'latency', label: t('latency.tab'), children: <LatencyTable latency={call.latency} play={play} /> },
    { key: 'path', label: t('path.title'), children: <Path steps={steps} flow={flowId(call.flow)} call={call.id} play={play} /> },
    {
      key: 'technical',
      label: t('technical.tab'),
      children: (
        <Suspense fallback={<Bones rows={8} />}>
          <Technical call={call.id} entries={entries} />
        </Suspense>
      ),
    },
  ]
  // Nothing was spoken, and no telephone had a part in it.
  const tabs: TabsProps['items'] = call.channel === 'chat' ? all.filter(({ key }) => key === 'journal' || key === 'path') : all
  const first = narrow ? 'words' : 'journal'
  const active = tab ?? first
  // Ladder and graphs want the whole width; the words are a tab away meanwhile.
  const wide = !narrow && active === 'technical'
  const wordsFirst = narrow || wide

  return (
    <div className={`call-view${wordsFirst ? ' call-narrow' : ''}`}>
      {recorded && <Recording call={call.id} lines={lines} player={player} act={act} onTime={onTime} />}
      <div className="call-columns">
        {!wordsFirst && <section className="panel call-words">{words}</section>}
        <section className="panel call-side">
          <Tabs
            size="small"
            tabBarGutter={slim ? 12 : 20}
            activeKey={active === 'words' && !wordsFirst ? first : active}
            onChange={(next) => setTab(next === 'words' && !narrow ? undefined : next)}
            items={wordsFirst ? [{ key: 'words', label: t('transcript.title'), children: words }, ...tabs] : tabs}
          />
        </section>
      </div>
    </div>
  )
}
