/** How a call sounds, from what the browser counts: the E-model of ITU-T G.107, as the service reckons it for its own legs. Pure. */

/** What the browser has counted until a moment. */
export interface Counts {
  /** In ms, of any clock. */
  at: number
  received: number
  lost: number
  jitter_ms: number
  /** How long sound has waited in the jitter buffer, in all, in s; and how many samples. */
  buffered_s: number
  emitted: number
  /** There and back; unknown until the far side has reported. */
  rtt_ms?: number
  /** The share of our packets that the far side missed, 0 to 1, as it last reported. */
  unheard?: number
}

export interface Quality {
  /** The share that did not arrive, 0 to 1. */
  loss: number
  /** The share of ours that did not arrive over there, as far as it was told. */
  unheard?: number
  jitter_ms: number
  rtt_ms?: number
  /** 1 (bad) to 4.5. */
  mos: number
  /** Nothing has come at all. */
  silent: boolean
}

/** Sound is cut, sent and played in pieces; this much goes by without any network, in ms. */
const OWN_DELAY_MS = 40
/** How Opus and G.711 with concealment bear loss (G.113). */
const ROBUSTNESS = 26

/** The mean opinion score, 1 to 4.5, of a loss (0 to 1) and a delay from mouth to ear. */
export function mos(loss: number, delay_ms: number): number {
  const percent = Math.min(100, Math.max(0, loss * 100))
  const delayed = 0.024 * delay_ms + 0.11 * Math.max(0, delay_ms - 177.3)
  const r = Math.min(93.2, Math.max(0, 93.2 - delayed - (95 * percent) / (percent + ROBUSTNESS)))
  return Math.min(4.5, Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6))
}

/** What happened between two countings. */
export function between(before: Counts, after: Counts): Quality {
  const received = Math.max(0, after.received - before.received)
  // A late packet can make the lost fewer.
  const lost = Math.max(0, after.lost - before.lost)
  const loss = received + lost === 0 ? 0 : lost / (received + lost)
  const emitted = after.emitted - before.emitted
  const buffer_ms = emitted > 0 ? ((after.buffered_s - before.buffered_s) / emitted) * 1_000 : 0
  const delay_ms = OWN_DELAY_MS + buffer_ms + (after.rtt_ms ?? 0) / 2
  return {
    loss,
    unheard: after.unheard,
    jitter_ms: after.jitter_ms,
    rtt_ms: after.rtt_ms,
    mos: mos(Math.max(loss, after.unheard ?? 0), delay_ms),
    silent: received === 0,
  }
}

export type Grade = 'good' | 'fair' | 'bad'

/** What is to be said of it: the worst thing, in a word, with its figure. */
export type Verdict =
  | { grade: 'good' }
  | { grade: 'fair' | 'bad'; why: 'loss' | 'unheard'; share: number }
  | { grade: 'fair' | 'bad'; why: 'delay'; ms: number }
  | { grade: 'bad'; why: 'silent' }

/** As G.107 has it: 4.03 satisfies, 3.6 satisfies only some. */
const GOOD_MOS = 4.03
const FAIR_MOS = 3.6
/** From here on single words go missing. */
const NOTABLE_LOSS = 0.02
/** From here on people begin to talk over each other, there and back. */
const NOTABLE_RTT_MS = 300

export function verdict({ loss, unheard = 0, rtt_ms = 0, mos, silent }: Quality): Verdict {
  if (silent) return { grade: 'bad', why: 'silent' }
  const grade = mos >= FAIR_MOS ? 'fair' : 'bad'
  if (loss >= NOTABLE_LOSS && loss >= unheard) return { grade, why: 'loss', share: loss }
  if (unheard >= NOTABLE_LOSS) return { grade, why: 'unheard', share: unheard }
  if (rtt_ms >= NOTABLE_RTT_MS || mos < GOOD_MOS) return { grade, why: 'delay', ms: Math.round(rtt_ms) }
  return { grade: 'good' }
}

type Report = Record<string, unknown>
const number = (value: unknown): number => (typeof value === 'number' ? value : 0)
const known = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

/** Reads the reports of a peer connection; nothing while no sound has come. */
export function counts(reports: Iterable<Report>, at: number): Counts | undefined {
  let found: Counts | undefined
  let rtt: number | undefined
  let pair: number | undefined
  let unheard: number | undefined
  for (const report of reports) {
    if (report.type === 'inbound-rtp' && report.kind === 'audio') {
      found = {
        at,
        received: number(report.packetsReceived),
        lost: number(report.packetsLost),
        jitter_ms: number(report.jitter) * 1_000,
        buffered_s: number(report.jitterBufferDelay),
        emitted: number(report.jitterBufferEmittedCount),
      }
    } else if (report.type === 'remote-inbound-rtp' && report.kind === 'audio') {
      rtt = known(report.roundTripTime)
      unheard = known(report.fractionLost)
    } else if (report.type === 'candidate-pair' && report.nominated === true) {
      pair = known(report.currentRoundTripTime)
    }
  }
  const seconds = rtt ?? pair
  return found && { ...found, rtt_ms: seconds === undefined ? undefined : seconds * 1_000, unheard }
}
