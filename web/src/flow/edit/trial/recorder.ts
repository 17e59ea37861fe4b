/** The sound of a microphone, as the browser gives it. It stays in memory until it is sent. */
import { wav } from './wav'
import tap from './tap?worker&url'

/** A recogniser of telephone calls needs no more, in Hz. */
const RATE = 16_000

/** Why there is no microphone. */
export type NoMicrophoneReason = 'insecure' | 'refused' | 'missing' | 'taken' | 'broken'

export class NoMicrophone extends Error {
  constructor(readonly reason: NoMicrophoneReason) {
    super(reason)
  }
}

interface Line {
  /** Samples in a second. */
  rate: number
  /** Lets the microphone go. */
  close: () => void
}

interface Listener {
  /** A block of about 40 ms. */
  took: (block: Float32Array) => void
  /** The microphone was unplugged, or taken away. */
  ended: () => void
}

/** From the name of what `getUserMedia` throws. */
export function reasonOf(name: string): NoMicrophoneReason {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'refused'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing'
    case 'NotReadableError':
    case 'AbortError':
      return 'taken'
    default:
      return 'broken'
  }
}

async function streamOf(): Promise<MediaStream> {
  // It is missing on pages that anybody on the way could have changed.
  const { mediaDevices } = navigator as Partial<Navigator>
  if (!mediaDevices) throw new NoMicrophone('insecure')
  try {
    return await mediaDevices.getUserMedia({ audio: { channelCount: 1 } })
  } catch (error) {
    throw new NoMicrophone(reasonOf(error instanceof Error ? error.name : ''))
  }
}

/** Most browsers resample well what a microphone gives. Firefox refuses to, but does it well afterwards. */
function listen(stream: MediaStream): { context: AudioContext; source: AudioNode } {
  const context = new AudioContext({ sampleRate: RATE })
  try {
    return { context, source: context.createMediaStreamSource(stream) }
  } catch {
    void context.close()
    const own = new AudioContext()
    return { context: own, source: own.createMediaStreamSource(stream) }
  }
}

/** Asks for the microphone and listens; throws a `NoMicrophone`. */
export async function openMicrophone({ took, ended }: Listener): Promise<Line> {
  const stream = await streamOf()
  let context: AudioContext | undefined
  const close = () => {
    stream.getTracks().forEach((track) => track.stop())
    void context?.close()
  }
  try {
    const heard = listen(stream)
    context = heard.context
    void context.resume()
    await context.audioWorklet.addModule(tap)
    const node = new AudioWorkletNode(context, 'tap', { channelCount: 1, channelCountMode: 'explicit' })
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => took(data)
    stream.getTracks().forEach((track) => (track.onended = ended))
    // It runs only when it leads somewhere; what comes out of it is silence.
    heard.source.connect(node).connect(context.destination)
    return { rate: context.sampleRate, close }
  } catch {
    close()
    throw new NoMicrophone('broken')
  }
}

function joined(blocks: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(blocks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const block of blocks) {
    all.set(block, at)
    at += block.length
  }
  return all
}

async function resampled(samples: Float32Array<ArrayBuffer>, rate: number): Promise<Float32Array> {
  const offline = new OfflineAudioContext(1, Math.ceil((samples.length * RATE) / rate), RATE)
  const source = offline.createBufferSource()
  source.buffer = offline.createBuffer(1, samples.length, rate)
  source.buffer.copyToChannel(samples, 0)
  source.connect(offline.destination)
  source.start()
  return (await offline.startRendering()).getChannelData(0)
}

/** A recording as a file to be sent. */
export async function packed(blocks: readonly Float32Array[], rate: number): Promise<Blob> {
  const samples = joined(blocks)
  const file = wav(rate === RATE ? samples : await resampled(samples, rate), RATE)
  return new Blob([file], { type: 'audio/wav' })
}
