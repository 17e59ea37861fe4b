/** Who waits, in what place, and why; what a supervisor can do about it. */
import { App, Button, Dropdown, type MenuProps } from 'antd'
import { ArrowUpToLine, Coffee, PhoneIncoming } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { changeTurn, type QueueStanding, type Waiting } from '../../api/floor'
import { callerName } from '../../call/project'
import { Empty, useReason } from '../../components/Bits'
import type { CallSummary } from '../../api/types'
import { clock } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import { waitTone } from '../sight'
import { explain } from '../why'

const PRIORITIES = [10, 8, 6, 5, 4, 2, 1]

function Row({ waiting, call, queues, now, acts, name }: { waiting: Waiting; call: CallSummary | undefined; queues: readonly QueueStanding[]; now: number; acts: boolean; name: (extension: string) => string }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { message } = App.useApp()
  const reason = useReason()
  const queue = queues.find(({ id }) => id === waiting.queue)
  const waited_s = Math.max(0, (now - waiting.since) / 1_000)
  const who = waiting.callback ? t('wallboard.callback') : call ? callerName(call, t) : t('wallboard.caller')
  const change = (turn: Parameters<typeof changeTurn>[1], done: string) => {
    changeTurn(waiting.call, turn).then(
      () => void message.success(done),
      (error: unknown) => void message.error(reason(error)),
    )
  }
  const items: MenuProps['items'] = [
    {
      key: 'move',
      label: t('wallboard.move'),
      disabled: queues.length < 2,
      children: queues.filter(({ id }) => id !== waiting.queue).map(({ id, title }) => ({ key: id, label: title, onClick: () => change({ queue: id }, t('wallboard.moved', { queue: title })) })),
    },
    {
      key: 'priority',
      label: t('wallboard.priority'),
      children: PRIORITIES.map((priority) => ({
        key: `priority-${priority}`,
        label: priority === waiting.priority ? t('wallboard.priority_now', { priority }) : String(priority),
        onClick: () => change({ priority }, t('wallboard.priority_set', { priority })),
      })),
    },
  ]
  const sentences = explain(waiting.why, waiting.offered_to, { t, language, name })
  const tongue = waiting.language
  return (
    <li className="wall-row wall-caller" data-row tabIndex={-1} aria-label={`${waiting.place}. ${who}`}>
      <span className="wall-place num" title={t('wallboard.place')}>
        {waiting.place}
      </span>
      <div className="spread">
        <p className="wall-caller-head">
          <Link className="num strong" to={`/calls/${waiting.call}`}>
            {who}
          </Link>
          <span className="chip">{queue?.title ?? waiting.queue}</span>
          {tongue !== undefined && <span className="muted">{t(`spoken.${tongue}`, { defaultValue: tongue })}</span>}
          <span className="muted num">{t('wallboard.priority_is', { priority: waiting.priority })}</span>
        </p>
        <p className="wall-why">
          <b>{t('wallboard.why_waiting')}</b> {sentences.length === 0 ? t('wallboard.why.unknown') : sentences.join(language === 'zh-CN' ? '' : ' ')}
        </p>
      </div>
      <span className={`wall-waits wall-${waitTone(waited_s, queue?.within_s ?? 0)}`}>
        <span className="num strong" role="timer">
          {clock(waited_s * 1_000)}
        </span>
        {waiting.wait_s !== undefined && <small className="num">{t('wallboard.expected', { time: clock(waiting.wait_s * 1_000) })}</small>}
      </span>
      {acts && (
        <span className="row wall-acts">
          <Button
            size="small"
            icon={<ArrowUpToLine size={14} />}
            aria-label={t('wallboard.first')}
            title={t('wallboard.first')}
            onClick={() => change({ first: true }, t('wallboard.first_now'))}
          />
          <Dropdown trigger={['click']} menu={{ items }}>
            <Button size="small" aria-label={t('wallboard.change_turn', { who })}>
              {t('wallboard.change')}
            </Button>
          </Dropdown>
        </span>
      )}
    </li>
  )
}

interface Props {
  waiting: readonly Waiting[]
  calls: ReadonlyMap<string, CallSummary>
  queues: readonly QueueStanding[]
  now: number
  acts: boolean
  name: (extension: string) => string
}

export function Callers({ waiting, calls, ...rest }: Props) {
  const { t } = useTranslation()
  if (waiting.length === 0)
    return (
      <Empty icon={rest.queues.length === 0 ? <PhoneIncoming size={20} /> : <Coffee size={20} />} title={t('wallboard.nobody_waits')}>
        <p>{t('wallboard.nobody_waits_help')}</p>
      </Empty>
    )
  return (
    <ul>
      {waiting.map((each) => (
        <Row key={each.call} waiting={each} call={calls.get(each.call)} {...rest} />
      ))}
    </ul>
  )
}
