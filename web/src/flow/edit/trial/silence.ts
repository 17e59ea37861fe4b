/**
 * When somebody who talks into a microphone has come to an end. It is told from how loud the blocks of a recording are, so it knows
 * nothing of words; it errs towards listening on, which a click ends.
 */

/** How long one block is, about. */
export const BLOCK_MS = 40
/** Silence after speech that ends it. */
export const SILENCE_MS = 1_500
/** Less of it is a click of the mouse, or a cough. */
const SPEECH_MS = 160
/** How far back the noise of a room is looked for; a room changes. */
const ROOM_MS = 5_000
/** Speech is that much louder than the room, in dB. */
const ABOVE_ROOM = 12
/** In dB of full scale: what is softer is no speech in any room, what is louder is speech in every one. */
const [SOFTEST, LOUDEST] = [-50, -25]
/** Below it there is no sound at all: a microphone that is muted, or has not begun yet. */
const NOTHING = -80

const blocks = (ms: number) => Math.round(ms / BLOCK_MS)

/** In dB of full scale, at most 0. */
export function loudness(block: Float32Array): number {
  const power = block.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, block.length)
  return Math.max(-120, 10 * Math.log10(Math.max(power, 1e-12)))
}

/** How far a meter goes, 0 to 1. */
export const shown = (level: number): number => Math.max(0, Math.min(1, (level + 60) / 50))

/** Whether nothing but silence came: not even the noise of a room. */
export const isMuted = (levels: readonly number[]): boolean => levels.every((level) => level < NOTHING)

function threshold(levels: readonly number[]): number {
  const room = levels
    .slice(-blocks(ROOM_MS))
    .filter((level) => level >= NOTHING)
    .sort((one, other) => one - other)
  return Math.max(SOFTEST, Math.min(LOUDEST, (room[Math.floor(room.length / 10)] ?? SOFTEST) + ABOVE_ROOM))
}

/** Whether there was speech, and then silence; from the loudness of all blocks until now. */
export function isOver(levels: readonly number[]): boolean {
  const from = threshold(levels)
  // A single block is a key that is struck.
  const isSpeech = levels.map((level, index) => level >= from && ((levels[index - 1] ?? NOTHING) >= from || (levels[index + 1] ?? NOTHING) >= from))
  const isEnough = isSpeech.filter(Boolean).length >= blocks(SPEECH_MS)
  return isEnough && levels.length - 1 - isSpeech.lastIndexOf(true) >= blocks(SILENCE_MS)
}
