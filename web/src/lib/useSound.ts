import { useEffect, useRef, useState } from 'react'

export interface Sound {
  /** Names the sound among those of the page. */
  key: string
  url: string
  /** Only this piece of it. */
  piece?: { fromMs: number; toMs: number }
}

/** One sound at a time: starting another stops the one before. */
export function useSound() {
  const audio = useRef<HTMLAudioElement | null>(null)
  const [playing, setPlaying] = useState<string | null>(null)
  const [failed, setFailed] = useState<string | null>(null)
  useEffect(() => () => audio.current?.pause(), [])
  const stop = () => {
    audio.current?.pause()
    audio.current = null
    setPlaying(null)
  }
  const play = ({ key, url, piece }: Sound) => {
    stop()
    setFailed(null)
    const sound = new Audio(url)
    audio.current = sound
    const ours = () => audio.current === sound
    if (piece) {
      sound.currentTime = piece.fromMs / 1_000
      sound.ontimeupdate = () => ours() && sound.currentTime * 1_000 >= piece.toMs && stop()
    }
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

export type Player = ReturnType<typeof useSound>
