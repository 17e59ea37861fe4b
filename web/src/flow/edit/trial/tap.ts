/** Runs where the browser handles sound, and hands it on to the page in blocks. */
import { BLOCK_MS } from './silence'

declare const sampleRate: number
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void

/** How much comes at once, in samples. */
const QUANTUM = 128
const LENGTH = Math.round((sampleRate * BLOCK_MS) / 1_000 / QUANTUM) * QUANTUM

class Tap extends AudioWorkletProcessor {
  private block = new Float32Array(LENGTH)
  private filled = 0

  process([[samples]]: [[Float32Array | undefined]]): boolean {
    if (samples === undefined) return true
    this.block.set(samples.subarray(0, LENGTH - this.filled), this.filled)
    this.filled += samples.length
    if (this.filled >= LENGTH) {
      this.port.postMessage(this.block)
      this.filled = 0
    }
    return true
  }
}

registerProcessor('tap', Tap)
