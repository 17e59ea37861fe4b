/** What was said, line by line; every line plays from where it was said, and every word whose place is known. */
import { Tooltip } from 'antd'
import {
  AlertTriangle,
  BookOpen,
  CirclePause,
  CircleSlash,
  Globe,
  Headset,
  Hourglass,
  Languages,
  PhoneForwarded,
  PhoneOff,
  Play,
  SquareParking,
  Ticket,
  Users,
  VolumeX,
  CircleDot,
  PhoneIncoming,
  Star,
  Tag,
  UserSearch,
} from 'lucide-react'
import { memo, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Entry } from '../../api/types'
import { Happened } from '../../components/Happened'
import { clock, ms, percent, words } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import type { CallNow } from '../useCall'
import type { TurnLatency } from '../latency'
import type { Playhead } from '../playhead'
import type { Keys, Line, Spoken } from '../transcript'
import { hasWords } from '../words'
import { useWords, type Stop } from './useWords'
import { Words } from './Words'

const icons: Partial<Record<Entry['kind'], typeof Play>> = {
  language: Languages,
  not_heard: VolumeX,
  no_input: VolumeX,
  no_match: CircleSlash,
  fetched: Globe,
  consulted: BookOpen,
  queued: Hourglass,
  announced: Hourglass,
  overflowed: Hourglass,
  wrapped_up: Headset,
  connecting: PhoneForwarded,
  callback_arranged: PhoneIncoming,
  rated: Star,
  tagged: Tag,
  recording: CircleDot,
  looked_up: UserSearch,
  ringing: Headset,
  missed: Headset,
  bridged: Headset,
  unbridged: Headset,
  dialled: PhoneForwarded,
  redirected: PhoneForwarded,
  continues: Users,
  held: CirclePause,
  resumed: Headset,
  transferred: PhoneForwarded,
  transfer_failed: PhoneForwarded,
  parked: SquareParking,
  retrieved: Headset,
  joined: Users,
  parted: Users,
  unqueued: Hourglass,
  ticket_opened: Ticket,
  problem: AlertTriangle,
  hung_up: PhoneOff,
}

function Tags({ line }: { line: Spoken | Keys }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const understood = line.type === 'spoken' ? line.understood : undefined
  const heard = line.type === 'spoken' ? line.heard : undefined
  const best = understood?.ranking[0]
  return (
    <>
      {understood && best && (
        <Tooltip
          title={
            <ol className="ranking">
              {understood.ranking.map(({ intent, confidence }) => (
                <li key={intent}>
                  <span>{words(intent)}</span>
                  <span className="num">{percent(confidence, language)}</span>
                </li>
              ))}
            </ol>
          }
        >
          <span className={`tag tag-${understood.decision}`} tabIndex={0}>
            {understood.decision === 'rejected' ? t('decision.rejected') : words(best.intent)}
            <span className="num">{percent(best.confidence, language)}</span>
          </span>
        </Tooltip>
      )}
      {line.slots.map((slot) => (
        <span key={slot.seq} className="tag">
          {words(slot.name)}
          <span className="num strong">{slot.value}</span>
        </span>
      ))}
      {heard && heard.confidence < 0.6 && (
        <Tooltip title={heard.alternatives.length > 0 ? t('transcript.or', { text: heard.alternatives.join(' / ') }) : heard.engine}>
          <span className="tag tag-unsure" tabIndex={0}>
            {t('transcript.unsure', { confidence: percent(heard.confidence, language) })}
          </span>
        </Tooltip>
      )}
    </>
  )
}

interface LineProps {
  line: Line
  current: boolean
  first: boolean
  reply: TurnLatency | undefined
  head: Playhead
  /** The word of this line that Tab leads to, if it is in this line. */
  stop: number | undefined
  play: ((fromMs: number) => void) | undefined
}

const TranscriptLine = memo(function TranscriptLine({ line, current, first, reply, head, stop, play }: LineProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const item = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (current) item.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' })
  }, [current])
  const { from } = line
  const at = from === undefined ? '' : clock(from)
  const time =
    play && from !== undefined ? (
      <button type="button" className="line-time num" onClick={() => play(from)} aria-label={t('transcript.play_from', { time: at })}>
        <Play size={11} fill="currentColor" aria-hidden />
        <span>{at}</span>
      </button>
    ) : (
      <span className="line-time line-time-still num">{at}</span>
    )
  if (line.type === 'event') {
    const Icon = icons[line.entry.kind] ?? CircleSlash
    return (
      <li ref={item} className={`line line-event event-${line.entry.kind}`}>
        {time}
        <Icon size={14} aria-hidden />
        <p>
          <Happened entry={line.entry} />
        </p>
      </li>
    )
  }
  const voice = line.type === 'keys' ? 'caller' : line.voice
  return (
    <li ref={item} className={`line line-${voice}${current ? ' line-current' : ''}${first ? ' line-first' : ''}`} aria-current={current || undefined}>
      {time}
      <b>{first ? t(`voice.${voice}`) : ''}</b>
      <div className="line-text">
        {line.type === 'keys' ? (
          <span className="line-keys">
            {[...line.digits].map((digit, index) => (
              <kbd key={index}>{digit}</kbd>
            ))}
          </span>
        ) : (
          <span>
            {play && hasWords(line.pieces) ? (
              <Words line={line.key} pieces={line.pieces} current={current} head={head} stop={stop} />
            ) : (
              <span onDoubleClick={() => from !== undefined && play?.(from)}>{line.text}</span>
            )}
            {line.cut && (
              <Tooltip title={t('transcript.cut')}>
                <span className="line-cut" tabIndex={0}>
                  {' —'}
                </span>
              </Tooltip>
            )}
          </span>
        )}
        <Tags line={line} />
      </div>
      {reply && voice === 'bot' && (
        <Tooltip title={t('latency.wire_help')}>
          <span className="line-reply num">{ms(reply.wire, language)}</span>
        </Tooltip>
      )}
    </li>
  )
})

const voiceOf = (line: Line | undefined) =>
  line === undefined || line.type === 'event' ? undefined : line.type === 'keys' ? 'caller' : line.voice

/** Which lines begin a speaker's turn, and which carry a reply's time: of several prompts in one reply, the first. */
function withReplies(lines: readonly Line[], turns: readonly TurnLatency[]) {
  const replies = new Map(turns.map((turn) => [turn.turn, turn]))
  return lines.map((line, index) => {
    const reply = line.type === 'spoken' && line.voice === 'bot' ? replies.get(line.turn) : undefined
    if (reply) replies.delete(reply.turn)
    return { line, reply, first: voiceOf(line) !== voiceOf(lines[index - 1]) }
  })
}

interface Props {
  call: CallNow
  lines: readonly Line[]
  current: string | undefined
  head: Playhead
  play: ((fromMs: number) => void) | undefined
  /** Whether the newest line is kept in sight; where it stands in a box of its own, that is the box's affair. */
  follow?: boolean
}

/** The first word of all: where Tab leads before any has been chosen. */
function firstWord(lines: readonly Line[]): Stop | undefined {
  for (const line of lines) {
    const word = line.type === 'spoken' ? line.pieces.findIndex((piece) => piece.from !== undefined) : -1
    if (word >= 0) return { line: line.key, word }
  }
  return undefined
}

export function Transcript({ call, lines, current, head, play, follow = true }: Props) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<Stop>()
  const stop = useMemo(() => chosen ?? firstWord(lines), [chosen, lines])
  const words = useWords(play, setChosen)
  const end = useRef<HTMLLIElement>(null)
  const running = call.state !== 'ended'
  const shown = useMemo(() => withReplies(lines, call.latency.turns), [lines, call.latency])
  const partials = (['caller', 'agent'] as const).filter((speaker) => call.partial[speaker])

  useEffect(() => {
    if (running && follow) end.current?.scrollIntoView({ block: 'nearest' })
  }, [running, follow, lines.length, call.partial])

  return (
    <ol className="transcript" aria-label={t('transcript.title')} {...words}>
      {shown.map(({ line, first, reply }) => (
        <TranscriptLine
          key={line.key}
          line={line}
          current={line.key === current}
          first={first}
          reply={reply}
          head={head}
          stop={line.key === stop?.line ? stop.word : undefined}
          play={play}
        />
      ))}
      {partials.map((speaker) => (
        <li key={speaker} className={`line line-${speaker} line-partial line-first`} aria-live="polite">
          <span />
          <b>{t(`voice.${speaker}`)}</b>
          <div className="line-text">
            <span>
              {call.partial[speaker]}
              <i className="caret" aria-hidden />
            </span>
          </div>
        </li>
      ))}
      {lines.length === 0 && <li className="muted line-none">{t(running ? 'live.listening' : 'transcript.none')}</li>}
      <li ref={end} aria-hidden />
    </ol>
  )
}
