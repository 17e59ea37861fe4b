/** How each queue stands, in numbers that open to the calls and agents they count. */
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { agentStates, type AgentState, type QueueStanding } from '../../api/floor'
import { clock, percent } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import { abandonTone, levelTone, waitTone, type Tone } from '../sight'

/** What a number opens to. */
export interface Opens {
  list: 'waiting' | 'calls' | 'agents'
  queue: string
  /** Of agents, only those. */
  state?: AgentState
}

interface Fact {
  name: string
  value: string
  tone: Tone
  note?: string
  opens?: () => void
  to?: string
}

function Value({ fact, queue }: { fact: Fact; queue: string }) {
  const { t } = useTranslation()
  const label = `${queue}: ${t(fact.name)} ${fact.value}`
  if (fact.to !== undefined)
    return (
      <Link className="wall-number num" to={fact.to} aria-label={label}>
        {fact.value}
      </Link>
    )
  if (fact.opens)
    return (
      <button type="button" className="wall-number num" onClick={fact.opens} aria-label={label}>
        {fact.value}
      </button>
    )
  return <span className="wall-number num">{fact.value}</span>
}

export function Tile({ queue, waited_s, open }: { queue: QueueStanding; waited_s: number; open: (what: Opens) => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const share = (value: number | undefined) => (value === undefined ? '–' : percent(value, language))
  const number = new Intl.NumberFormat(language)
  const { id, waiting, within_s, target, service_level, abandonment, average_wait_s } = queue
  const longest = waitTone(waited_s, within_s)
  const waitingNow = () => open({ list: 'waiting', queue: id })
  const facts: Fact[] = [
    { name: 'wallboard.waiting', value: number.format(waiting), tone: waiting === 0 ? 'none' : longest === 'none' ? 'warn' : longest, opens: waitingNow },
    { name: 'wallboard.longest', value: waiting > 0 ? clock(waited_s * 1_000) : '–', tone: waiting > 0 ? longest : 'none', opens: waiting > 0 ? waitingNow : undefined },
    {
      name: 'wallboard.level',
      value: share(service_level),
      tone: levelTone(service_level, target),
      note: t('wallboard.level_note', { target: percent(target, language), seconds: within_s }),
      to: '/calls?outcome=agent',
    },
    { name: 'wallboard.abandoned', value: share(abandonment), tone: abandonTone(abandonment), note: t('wallboard.abandoned_note', { count: queue.abandoned }), to: '/calls?outcome=abandoned' },
    { name: 'wallboard.average', value: average_wait_s === undefined ? '–' : clock(average_wait_s * 1_000), tone: 'none' },
    { name: 'wallboard.came', value: number.format(queue.offered), tone: 'none', note: t('wallboard.came_note', { count: queue.answered }), to: '/calls' },
  ]
  const shown = agentStates.filter((state) => queue.agents[state] > 0)
  return (
    <li className="panel wall-tile" data-row tabIndex={-1} aria-label={queue.title}>
      <h2 className="clip">{queue.title}</h2>
      <dl>
        {facts.map((fact) => (
          <div key={fact.name} className={`wall-fact wall-${fact.tone}`}>
            <dt>{t(fact.name)}</dt>
            <dd>
              <Value fact={fact} queue={queue.title} />
              {fact.tone !== 'none' && <span className="sr">{t(`wallboard.tone.${fact.tone}`)}</span>}
              {fact.note !== undefined && <small>{fact.note}</small>}
            </dd>
          </div>
        ))}
      </dl>
      <div className="wall-states">
        {shown.length === 0 && <span className="muted">{t('wallboard.nobody_works')}</span>}
        {shown.map((state) => (
          <button
            key={state}
            type="button"
            className={`wall-state wall-is-${state}`}
            onClick={() => open(state === 'talking' ? { list: 'calls', queue: id } : { list: 'agents', queue: id, state })}
          >
            <i aria-hidden />
            {t(`wallboard.count.${state}`, { count: queue.agents[state] })}
          </button>
        ))}
      </div>
    </li>
  )
}
