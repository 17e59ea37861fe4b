/** The sound of a microphone, as the browser gives it. It stays in memory until it is sent. */
import { NoMicrophone, reasonOf, type NoMicrophoneReason } from '../../../rtc/microphone'
import { BLOCK_MS } from './silence'
import { mixed, wav } from './wav'

export { NoMicrophone, type NoMicrophoneReason }

/** A recogniser of telephone calls needs no more, in Hz. */
const RATE = 16_000
/** Nothing that a recogniser could miss is lost; in bits per second. */
const BITRATE = 128_000
/** About a block, at the rates that there are; a power of two. */
const WINDOW = 2_048

export interface Line {
  /** What was recorded, as a WAV file; lets the microphone go. */
  finish: () => Promise<Blob>
  /** Lets the microphone go. */
  close: () => void
}

export interface Listener {
  /** A block of the recording, which is another one afterwards. */
  took: (block: Float32Array) => void
  /** The microphone was unplugged, or taken away. */
  ended: () => void
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

/** Calls back with every block of a stream until it is told to stop. */
function watch(stream: MediaStream, took: (block: Float32Array) => void): () => void {
  const context = new AudioContext()
  const analyser = new AnalyserNode(context, { fftSize: WINDOW })
  context.createMediaStreamSource(stream).connect(analyser)
  void context.resume()
  const begun = performance.now()
  const block = new Float32Array(WINDOW)
  let blocks = 0
  // A page that is busy is called late, and then for more than one block.
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(block)
    for (; blocks < Math.floor((performance.now() - begun) / BLOCK_MS); blocks += 1) took(block)
  }, BLOCK_MS)
  return () => {
    clearInterval(timer)
    if (context.state !== 'closed') void context.close()
  }
}

/** A recording as a file to be sent; browsers resample what they decode. */
async function packed(recording: Blob): Promise<Blob> {
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await recording.arrayBuffer())
  const channels = Array.from({ length: sound.numberOfChannels }, (_, channel) => sound.getChannelData(channel))
  return new Blob([wav(mixed(channels), RATE)], { type: 'audio/wav' })
}

/** Asks for the microphone and listens; throws a `NoMicrophone`, as does what it gives. */
export async function openMicrophone({ took, ended }: Listener): Promise<Line> {
  const stream = await streamOf()
  const letGo = () => stream.getTracks().forEach((track) => track.stop())
  try {
    const recorder = new MediaRecorder(stream, { audioBitsPerSecond: BITRATE })
    const parts: Blob[] = []
    recorder.ondataavailable = ({ data }) => void parts.push(data)
    const stopped = new Promise<void>((done) => (recorder.onstop = () => done()))
    recorder.start()
    const rest = watch(stream, took)
    void stopped.then(ended)
    const close = () => {
      rest()
      letGo()
    }
    const finish = async () => {
      rest()
      if (recorder.state !== 'inactive') recorder.stop()
      await stopped
      letGo()
      return packed(new Blob(parts, { type: recorder.mimeType })).catch(() => Promise.reject(new NoMicrophone('broken')))
    }
    return { finish, close }
  } catch {
    letGo()
    throw new NoMicrophone('broken')
  }
}
