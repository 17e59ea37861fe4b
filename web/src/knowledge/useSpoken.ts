/** Says a text with the voice of its language, or plays what is recorded of it. */
import { useEffect, useRef, useState } from 'react'
import { Failure } from '../api/client'
import { useReason } from '../components/Bits'

export interface Said {
  ear: string
  eye: string
  language: string
}

async function voice(said: Said): Promise<string> {
  const reply = await fetch('/api/v1/knowledge/sound', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hotline': '1' },
    body: JSON.stringify(said),
  })
  if (!reply.ok) {
    const { error } = (await reply.json()) as { error: { code: string; message: string } }
    throw new Failure(reply.status, error.code, error.message)
  }
  return URL.createObjectURL(await reply.blob())
}

/** Whatever sounds on the page falls silent when something else begins. */
let silence: (() => void) | undefined

export function useSpoken() {
  const reason = useReason()
  const audio = useRef<HTMLAudioElement | null>(null)
  const [busy, setBusy] = useState(false)
  const [playing, setPlaying] = useState(false)
  const [failed, setFailed] = useState<string>()
  useEffect(() => () => audio.current?.pause(), [])
  const stop = () => {
    audio.current?.pause()
    audio.current = null
    setPlaying(false)
  }
  /** `recorded` gives the address of a recording, if there is one. */
  const play = async (said: Said, recorded?: () => Promise<string | undefined>) => {
    silence?.()
    silence = stop
    setFailed(undefined)
    setBusy(true)
    try {
      const address = (await recorded?.()) ?? (await voice(said))
      const sound = new Audio(address)
      audio.current = sound
      sound.onended = () => {
        if (address.startsWith('blob:')) URL.revokeObjectURL(address)
        stop()
      }
      setPlaying(true)
      await sound.play()
    } catch (error) {
      stop()
      setFailed(reason(error))
    } finally {
      setBusy(false)
    }
  }
  return { busy, playing, failed, play, stop }
}
