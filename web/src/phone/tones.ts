/** What the phone itself sounds like: its ring, the tone while another phone rings, and a tone to try a loudspeaker with. */
import { audio } from '../rtc/level'
import { playTo, type Device } from './devices'

interface Tone {
  frequencies: number[]
  /** On and off, in s, over and over. */
  cadence: number[]
  loudness: number
}

const tones = {
  /** Two soft notes, twice, and a pause. */
  ring: { frequencies: [523, 659], cadence: [0.4, 0.2, 0.4, 1.6], loudness: 0.25 },
  /** European ringback. */
  ringback: { frequencies: [425], cadence: [1, 4], loudness: 0.06 },
  try: { frequencies: [440, 554, 659], cadence: [0.9, 60], loudness: 0.18 },
} satisfies Record<string, Tone>

export type ToneName = keyof typeof tones

/** A note neither begins nor ends with a crack. */
const FADE_S = 0.02
const HORIZON_S = 60

/** Plays a tone until the returned function is called. */
export function play(name: ToneName, device: Device | undefined): () => void {
  const context = audio()
  const { frequencies, cadence, loudness }: Tone = tones[name]
  const out = context.createMediaStreamDestination()
  const volume = context.createGain()
  volume.gain.value = 0
  volume.connect(out)
  const voices = frequencies.map((frequency) => {
    const voice = context.createOscillator()
    voice.frequency.value = frequency
    voice.connect(volume)
    voice.start()
    return voice
  })
  let at = context.currentTime + 0.05
  const end = at + HORIZON_S
  while (at < end) {
    cadence.forEach((length, index) => {
      const on = index % 2 === 0
      if (on) {
        volume.gain.setValueAtTime(0, at)
        volume.gain.linearRampToValueAtTime(loudness / Math.sqrt(frequencies.length), at + FADE_S)
        volume.gain.setValueAtTime(loudness / Math.sqrt(frequencies.length), at + length - FADE_S)
        volume.gain.linearRampToValueAtTime(0, at + length)
      }
      at += length
    })
  }
  const element = new Audio()
  element.srcObject = out.stream
  // Before anybody has touched the page a browser plays nothing; then the notification has to do.
  void playTo(element, device).then(() => element.play().catch(() => undefined))
  return () => {
    element.pause()
    element.srcObject = null
    voices.forEach((voice) => voice.stop())
    volume.disconnect()
  }
}
