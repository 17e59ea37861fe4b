/** Plays pieces of recordings, one at a time: starting another stops the one before. */
import { useEffect, useRef, useState } from 'react'
import { recordingUrl } from '../api/queries'

export interface Piece {
  /** Names the piece among those of the page. */
  key: string
  call: string
  fromMs: number
  toMs: number
}

/** Recognition cuts close; a little before and after belongs to the words. */
const AROUND_MS = 250

export function usePiece() {
  const audio = useRef<HTMLAudioElement | null>(null)
  const [playing, setPlaying] = useState<string | null>(null)
  const [failed, setFailed] = useState<string | null>(null)
  useEffect(() => () => audio.current?.pause(), [])
  const stop = () => {
    audio.current?.pause()
    audio.current = null
    setPlaying(null)
  }
  const play = ({ key, call, fromMs, toMs }: Piece) => {
    stop()
    setFailed(null)
    const sound = new Audio(recordingUrl(call))
    audio.current = sound
    const ours = () => audio.current === sound
    sound.currentTime = Math.max(0, fromMs - AROUND_MS) / 1_000
    sound.ontimeupdate = () => ours() && sound.currentTime * 1_000 >= toMs + AROUND_MS && stop()
    sound.onended = () => ours() && stop()
    setPlaying(key)
    sound.play().catch(() => {
      if (!ours()) return
      stop()
      setFailed(key)
    })
  }
  return { playing, failed, play, stop }
}
