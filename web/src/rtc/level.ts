/** How loud a stream is, for a meter beside it. */

/** What counts as silence and as full, in dB of full scale: a voice at a headset moves between the two. */
const QUIETEST_DB = -60
const LOUDEST_DB = -12

/** A share of the meter, 0 to 1, from the mean power of samples between -1 and 1. */
export function shown(power: number): number {
  const db = 10 * Math.log10(Math.max(power, 1e-12))
  return Math.min(1, Math.max(0, (db - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)))
}

export const power = (samples: Float32Array): number => {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return samples.length === 0 ? 0 : sum / samples.length
}

let context: AudioContext | undefined

/** One for the page: browsers allow few. It may begin only after somebody has touched the page. */
export function audio(): AudioContext {
  context ??= new AudioContext()
  if (context.state === 'suspended') void context.resume().catch(() => undefined)
  return context
}

export interface Meter {
  /** 0 to 1, now. */
  level: () => number
  close: () => void
}

export function meter(stream: MediaStream): Meter {
  const source = audio().createMediaStreamSource(stream)
  const analyser = audio().createAnalyser()
  analyser.fftSize = 1_024
  source.connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  return {
    level: () => {
      analyser.getFloatTimeDomainData(samples)
      return shown(power(samples))
    },
    close: () => source.disconnect(),
  }
}
