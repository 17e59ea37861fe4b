/** The calls that people talk in, with the last words; a supervisor listens, whispers to the agent, joins in or takes over. */
import { App, Button, Segmented, Tooltip } from 'antd'
import { Ear, Headset, MessageCircleMore, PhoneForwarded, Search, Square, UserPlus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import type { How } from '../../api/floor'
import { useHeardCalls } from '../../api/live'
import type { CallSummary, Entry } from '../../api/types'
import { callerName, understanding } from '../../call/project'
import { transcript } from '../../call/transcript'
import { Caller, Empty, Intent, useReason } from '../../components/Bits'
import { clock } from '../../lib/format'
import { take, useSupervising } from '../../phone/supervising'
import { useJournals, useSaid } from '../journals'
import { wasSaid } from '../sight'

const SHOWN = 3

const ways = [
  { how: 'listen', icon: Ear },
  { how: 'whisper', icon: MessageCircleMore },
  { how: 'barge', icon: UserPlus },
  { how: 'take_over', icon: PhoneForwarded },
] as const

function Supervise({ call, extension, who }: { call: string; extension: string; who: string }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reason = useReason()
  const supervising = useSupervising()
  const mine = supervising?.call === call ? supervising : undefined
  const go = (how: How) => {
    take(call, extension, how).catch((error: unknown) => void message.error(reason(error)))
  }
  return (
    <div className="wall-supervise" role="group" aria-label={t('wallboard.supervise', { who })}>
      {ways.map(({ how, icon: Icon }) => (
        <Tooltip key={how} title={t(`wallboard.how_help.${how}`)}>
          <Button
            size="small"
            type={mine?.how === how ? 'primary' : 'default'}
            aria-pressed={mine?.how === how}
            loading={mine?.how === how && mine.asked}
            disabled={supervising?.asked === true && mine?.how !== how}
            icon={<Icon size={14} />}
            onClick={() => go(how)}
          >
            {t(`wallboard.how.${how}`)}
          </Button>
        </Tooltip>
      ))}
      {mine && !mine.asked && (
        <Button size="small" danger icon={<Square size={13} />} onClick={() => go('over')}>
          {t('wallboard.how.over')}
        </Button>
      )}
      {mine?.asked === true && mine.leg === undefined && <span className="muted">{t('wallboard.your_phone_rings')}</span>}
    </div>
  )
}

function Talk({ call, entries, now, name, extension }: { call: CallSummary; entries: readonly Entry[]; now: number; name: (extension: string) => string; extension: string | undefined }) {
  const { t } = useTranslation()
  const heard = useHeardCalls().get(call.id)
  const spoken = transcript(entries).flatMap((line) => (line.type === 'spoken' ? [line] : []))
  const best = understanding(entries)?.ranking[0]
  const partials = (['caller', 'agent'] as const).filter((speaker) => heard?.partial[speaker])
  const who = callerName(call, t)
  return (
    <li className="panel wall-talk" data-row tabIndex={-1} aria-label={who}>
      <div className="wall-talk-head">
        <Link to={`/calls/${call.id}`} className="strong">
          <Caller number={call.from} channel={call.channel} />
        </Link>
        <span className="muted clip">{call.state === 'agent' && call.agent !== null ? t('wallboard.with', { name: name(call.agent) }) : t(`state.${call.state}`)}</span>
        <span className="num muted wall-since" role="timer">
          {clock(now - call.started_at)}
        </span>
      </div>
      {best && <Intent name={best.intent} confidence={best.confidence} />}
      <ol className="wall-words">
        {spoken.slice(-(SHOWN - Math.min(partials.length, SHOWN - 1))).map((line) => (
          <li key={line.key}>
            <b>{t(`voice.${line.voice}`)}</b> {line.text}
          </li>
        ))}
        {partials.map((speaker) => (
          <li key={speaker} className="muted">
            <b>{t(`voice.${speaker}`)}</b> {heard?.partial[speaker]}
          </li>
        ))}
        {spoken.length === 0 && partials.length === 0 && <li className="muted">{t('wallboard.no_words')}</li>}
      </ol>
      {extension !== undefined && call.state === 'agent' && <Supervise call={call.id} extension={extension} who={who} />}
    </li>
  )
}

export type Shown = 'agent' | 'all'

interface Props {
  calls: readonly CallSummary[]
  shown: Shown
  show: (shown: Shown) => void
  search: string
  now: number
  name: (extension: string) => string
  /** One's own phone, for those who may supervise. */
  extension: string | undefined
  of: (call: CallSummary) => boolean
}

export function Talks({ calls, shown, show, search, now, name, extension, of }: Props) {
  const { t } = useTranslation()
  const journals = useJournals(calls)
  const said = useSaid(calls, journals)
  const within = calls.filter((call) => (shown === 'all' || call.state === 'agent') && of(call))
  const found = search.trim() === '' ? within : within.filter(({ id }) => wasSaid(said(id), search))
  const nothing = search.trim() !== '' && within.length > 0
  return (
    <>
      <Segmented
        size="small"
        value={shown}
        aria-label={t('wallboard.which_calls')}
        options={[
          { value: 'agent', label: t('wallboard.with_people') },
          { value: 'all', label: t('wallboard.all_live') },
        ]}
        onChange={show}
      />
      {found.length === 0 && (
        <Empty icon={nothing ? <Search size={20} /> : <Headset size={20} />} title={t(nothing ? 'wallboard.not_said' : 'wallboard.nobody_talks')}>
          <p>{t(nothing ? 'wallboard.not_said_help' : 'wallboard.nobody_talks_help')}</p>
        </Empty>
      )}
      <ul className="wall-talks">
        {found.map((call) => (
          <Talk key={call.id} call={call} entries={journals.get(call.id) ?? []} now={now} name={name} extension={extension} />
        ))}
      </ul>
    </>
  )
}
