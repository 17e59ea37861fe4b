/** Somebody who speaks to the browser: a file of words in place of the microphone. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const HEADER_BYTES = 44
/** Before the words, while the page gets ready; and after them, so that they come to an end. The browser plays the file over and over. */
const [BEFORE_S, AFTER_S] = [1, 4]

/** Programs that speak English, by what they are asked. */
const speakers = (words: string, file: string): [string, string[]][] => [
  ['flite', ['-voice', 'slt', '-t', words, '-o', file]],
  ['espeak-ng', ['-s', '140', '-w', file, words]],
]

function padded(spoken: Buffer): Buffer {
  const bytes = spoken.readUInt32LE(28)
  const quiet = (seconds: number) => Buffer.alloc(bytes * seconds)
  const file = Buffer.concat([spoken.subarray(0, HEADER_BYTES), quiet(BEFORE_S), spoken.subarray(HEADER_BYTES), quiet(AFTER_S)])
  file.writeUInt32LE(file.length - 8, 4)
  file.writeUInt32LE(file.length - HEADER_BYTES, 40)
  return file
}

export interface Voice {
  /** What the browser is to be started with. */
  flags: string[]
  remove: () => void
}

/** Nothing where no program speaks. */
export function voice(words: string): Voice | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-e2e-voice-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const file = join(folder, 'spoken.wav')
  if (!speakers(words, file).some(([program, options]) => spawnSync(program, options).status === 0)) {
    remove()
    return undefined
  }
  writeFileSync(file, padded(readFileSync(file)))
  return { flags: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${file}`], remove }
}
