/** The recording as two channels to look at and to play: Hotline and the agent above, the caller below. */
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react'
import WaveSurfer from 'wavesurfer.js'
import type { Peaks } from '../../api/types'
import { useMode } from '../../theme/mode'
import { colour } from '../../theme/tokens'

export interface Player {
  play: (fromMs?: number) => void
  seek: (ms: number) => void
  toggle: () => void
  now: () => number
  speed: (rate: number) => void
}

interface Props {
  url: string
  peaks: Peaks
  lengthMs: number
  height: number
  player: Ref<Player>
  onTime: (ms: number) => void
  onPlaying: (playing: boolean) => void
  onError: () => void
}

const share = (values: readonly number[]) => values.map((value) => value / 100)

export default function Waveform({ url, peaks, lengthMs, height, player, onTime, onPlaying, onError }: Props) {
  const { mode } = useMode()
  const box = useRef<HTMLDivElement>(null)
  const surfer = useRef<WaveSurfer | null>(null)
  const tell = useRef({ onTime, onPlaying, onError })
  /** Where the recording was when the waveform was made anew, as when a telephone is turned. */
  const left = useRef({ url, seconds: 0, playing: false })
  useEffect(() => {
    tell.current = { onTime, onPlaying, onError }
  })

  useEffect(() => {
    if (!box.current) return
    const wave = WaveSurfer.create({
      container: box.current,
      url,
      peaks: [share(peaks.left), share(peaks.right)],
      duration: lengthMs / 1_000,
      height,
      barWidth: 2,
      barGap: 1.5,
      barRadius: 2,
      barMinHeight: 1,
      cursorWidth: 1.5,
      dragToSeek: true,
      hideScrollbar: true,
      splitChannels: [{}, {}],
    })
    surfer.current = wave
    wave.on('timeupdate', (seconds) => tell.current.onTime(seconds * 1_000))
    wave.on('play', () => tell.current.onPlaying(true))
    wave.on('pause', () => tell.current.onPlaying(false))
    wave.on('finish', () => tell.current.onPlaying(false))
    wave.on('error', () => tell.current.onError())
    const before = left.current
    if (before.url === url && before.seconds > 0) {
      wave.once('ready', () => {
        wave.setTime(before.seconds)
        if (before.playing) void wave.play().catch(() => tell.current.onError())
      })
    }
    return () => {
      left.current = { url, seconds: wave.getCurrentTime(), playing: wave.isPlaying() }
      tell.current.onPlaying(false)
      surfer.current = null
      wave.destroy()
    }
  }, [url, peaks, lengthMs, height])

  useEffect(() => {
    const c = (name: Parameters<typeof colour>[1]) => colour(mode, name)
    surfer.current?.setOptions({
      cursorColor: c('accent'),
      splitChannels: [
        { waveColor: c('accent-wave'), progressColor: c('accent') },
        { waveColor: c('caller-soft'), progressColor: c('caller') },
      ],
    })
  }, [mode, url, peaks, lengthMs, height])

  useImperativeHandle(
    player,
    (): Player => ({
      play: (from) => {
        if (from !== undefined) surfer.current?.setTime(from / 1_000)
        void surfer.current?.play().catch(() => tell.current.onError())
      },
      seek: (ms) => surfer.current?.setTime(Math.max(0, Math.min(lengthMs, ms)) / 1_000),
      toggle: () => void surfer.current?.playPause().catch(() => tell.current.onError()),
      now: () => (surfer.current?.getCurrentTime() ?? 0) * 1_000,
      speed: (rate) => surfer.current?.setPlaybackRate(rate, true),
    }),
    [lengthMs],
  )

  return <div ref={box} className="wave" />
}
