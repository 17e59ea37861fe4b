/** The agents: what each does, since when, on which call; supervisors say for them whether they are there. */
import { App, Button, Dropdown, type MenuProps } from 'antd'
import { ChevronDown, Users } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { setPresenceOf, type AgentStanding } from '../../api/floor'
import { Empty, useReason } from '../../components/Bits'
import { clock, words } from '../../lib/format'
import { shownState } from '../sight'

function Card({ agent, name, queueTitle, reasons, now, acts }: { agent: AgentStanding; name: string; queueTitle: (id: string) => string; reasons: readonly string[]; now: number; acts: boolean }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const because = useReason()
  const state = shownState(agent)
  const away = (reason: string) => t(`wallboard.reason.${reason}`, { defaultValue: words(reason) })
  const { reason, next, until } = agent
  const said = state === 'away' && reason !== undefined ? away(reason) : t(`wallboard.state.${state}`)
  const be = (presence: 'available' | 'away', why?: string) => {
    setPresenceOf(agent.extension, presence, why).catch((error: unknown) => void message.error(because(error)))
  }
  const items: MenuProps['items'] = [
    { key: '', label: t('wallboard.available'), onClick: () => be('available') },
    { type: 'divider' },
    ...reasons.map((each) => ({ key: each, label: t('wallboard.away', { reason: away(each) }), onClick: () => be('away', each) })),
  ]
  const face = (
    <>
      <i aria-hidden />
      {said}
    </>
  )
  return (
    <li className={`wall-agent wall-is-${state}`} data-row tabIndex={-1} aria-label={`${name}: ${said}`}>
      <p className="wall-agent-name">
        <span className="clip strong">{name}</span>
        {name !== agent.extension && <span className="muted num">{agent.extension}</span>}
        <span className="num muted wall-since" role="timer">
          {agent.since > 0 ? clock(now - agent.since) : ''}
        </span>
      </p>
      <p className="wall-agent-state">
        {acts ? (
          <Dropdown trigger={['click']} menu={{ items }}>
            <Button size="small" type="text" className="wall-state" aria-label={t('wallboard.change_state', { name, state: said })}>
              {face}
              <ChevronDown size={13} aria-hidden />
            </Button>
          </Dropdown>
        ) : (
          <span className="wall-state">{face}</span>
        )}
        {agent.call !== undefined && (
          <Link to={`/calls/${agent.call}`}>{agent.queue === undefined ? t('wallboard.open_call') : queueTitle(agent.queue)}</Link>
        )}
      </p>
      <p className="wall-agent-notes">
        {state === 'wrap_up' && until !== undefined && <span className="num">{t('wallboard.until', { time: clock(until - now) })}</span>}
        {state !== 'away' && next?.presence === 'away' && <span>{t('wallboard.then', { reason: next.reason === undefined ? t('wallboard.state.away') : away(next.reason) })}</span>}
        {agent.missed > 0 && <span className="wall-missed">{t('wallboard.missed', { count: agent.missed })}</span>}
      </p>
    </li>
  )
}

interface Props {
  agents: readonly AgentStanding[]
  filtered: boolean
  name: (extension: string) => string
  queueTitle: (id: string) => string
  reasons: readonly string[]
  now: number
  acts: boolean
}

export function Agents({ agents, filtered, name, ...rest }: Props) {
  const { t } = useTranslation()
  if (agents.length === 0)
    return (
      <Empty icon={<Users size={20} />} title={t(filtered ? 'wallboard.no_such_agents' : 'wallboard.no_agents')}>
        {!filtered && <p>{t('wallboard.no_agents_help')}</p>}
      </Empty>
    )
  return (
    <ul className="wall-agents">
      {agents.map((agent) => (
        <Card key={agent.extension} agent={agent} name={name(agent.extension)} {...rest} />
      ))}
    </ul>
  )
}
