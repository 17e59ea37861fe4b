/** A sound as a file that everything can read. */

const HEADER_BYTES = 44
const SAMPLE_BYTES = 2

/** Channels of the same length as one. */
export function mixed(channels: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array(), ...others] = channels
  return others.length === 0 ? first : first.map((sample, index) => others.reduce((sum, other) => sum + (other[index] ?? 0), sample) / channels.length)
}

/** A WAV file (PCM, 16 bit, mono) of samples between -1 and 1; louder ones are cut. `rate` in Hz. */
export function wav(samples: Float32Array, rate: number): ArrayBuffer {
  const bytes = samples.length * SAMPLE_BYTES
  const file = new DataView(new ArrayBuffer(HEADER_BYTES + bytes))
  const word = (at: number, text: string) => [...text].forEach((letter, index) => file.setUint8(at + index, letter.charCodeAt(0)))
  word(0, 'RIFF')
  file.setUint32(4, HEADER_BYTES - 8 + bytes, true)
  word(8, 'WAVEfmt ')
  file.setUint32(16, 16, true)
  file.setUint16(20, 1, true)
  file.setUint16(22, 1, true)
  file.setUint32(24, rate, true)
  file.setUint32(28, rate * SAMPLE_BYTES, true)
  file.setUint16(32, SAMPLE_BYTES, true)
  file.setUint16(34, SAMPLE_BYTES * 8, true)
  word(36, 'data')
  file.setUint32(40, bytes, true)
  samples.forEach((sample, index) => {
    const level = Math.max(-1, Math.min(1, sample))
    file.setInt16(HEADER_BYTES + index * SAMPLE_BYTES, Math.round(level * (level < 0 ? 0x8000 : 0x7fff)), true)
  })
  return file.buffer
}
