/** What each agent can do, and in which queues they work. */
import { useQuery } from '@tanstack/react-query'
import { App, Button, Input, InputNumber, Modal, Radio, Select } from 'antd'
import { Plus, UsersRound, X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { agents as agentsQuery, changeAgent, type Agent } from '../../api/floor'
import { queries } from '../../api/queries'
import { Bones, Empty, ErrorNote } from '../../components/Bits'
import type { Queue } from '../document'

interface Level {
  name: string
  level: number
}

const pairs = (of: Readonly<Record<string, number>>): Level[] => Object.entries(of).map(([name, level]) => ({ name, level }))
const record = (of: readonly Level[]): Record<string, number> => Object.fromEntries(of.filter(({ name }) => name.trim() !== '').map(({ name, level }) => [name.trim(), level]))

interface LevelsProps {
  levels: readonly Level[]
  set: (levels: Level[]) => void
  level: string
  add: string
  /** Those to choose from; otherwise names are typed. */
  choices?: { value: string; label: string }[]
  known?: readonly string[]
}

function Levels({ levels, set, level: levelName, add, choices, known }: LevelsProps) {
  const { t } = useTranslation()
  const change = (place: number, value: Level) => set(levels.map((each, index) => (index === place ? value : each)))
  const left = choices?.filter(({ value }) => !levels.some(({ name }) => name === value))
  return (
    <>
      {levels.map((each, place) => (
        <div className="row queue-line" key={place}>
          {choices ? (
            <Select aria-label={t('queueing.which_queue')} value={each.name} options={choices.filter(({ value }) => value === each.name || left?.some((one) => one.value === value))} onChange={(name) => change(place, { ...each, name })} />
          ) : (
            <Input list="agent-skills" aria-label={t('queueing.skill')} placeholder={t('queueing.skill')} maxLength={64} value={each.name} onChange={({ target }) => change(place, { ...each, name: target.value })} />
          )}
          <InputNumber aria-label={levelName} prefix={levelName} min={1} max={10} precision={0} value={each.level} onChange={(level) => level !== null && change(place, { ...each, level })} />
          <Button type="text" size="small" icon={<X size={15} />} aria-label={`${t('queueing.take_out')}: ${each.name}`} onClick={() => set(levels.filter((_, index) => index !== place))} />
        </div>
      ))}
      {known && (
        <datalist id="agent-skills">
          {known.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      )}
      <Button size="small" icon={<Plus size={14} />} disabled={left?.length === 0} onClick={() => set([...levels, { name: left?.[0]?.value ?? '', level: 1 }])}>
        {add}
      </Button>
    </>
  )
}

function Form({ agent, queues, skills: known, close }: { agent: Agent; queues: readonly Queue[]; skills: readonly string[]; close: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [skills, setSkills] = useState(() => pairs(agent.skills))
  const [tiers, setTiers] = useState(() => agent.queues && pairs(agent.queues))
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      await changeAgent(agent.extension, { skills: record(skills), queues: tiers && record(tiers) })
      await queries.invalidateQueries({ queryKey: agentsQuery.queryKey })
      void message.success(t('queueing.saved'))
      close()
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <Modal open title={t('queueing.edit_agent', { name: agent.name || agent.extension })} okText={t('queueing.save')} cancelText={t('queueing.cancel')} confirmLoading={busy} onOk={() => void save()} onCancel={close}>
      <div className="queue-agent-form">
        {error !== undefined && <ErrorNote error={error} />}
        <h3>{t('queueing.skills')}</h3>
        <Levels levels={skills} set={setSkills} level={t('queueing.level')} add={t('queueing.add_need')} known={known} />
        <h3>{t('queueing.tiers')}</h3>
        <Radio.Group aria-label={t('queueing.tiers')} value={tiers !== null} onChange={(event) => setTiers(event.target.value === true ? [] : null)}>
          <Radio value={false}>{t('queueing.all_queues')}</Radio>
          <Radio value>{t('queueing.some_queues')}</Radio>
        </Radio.Group>
        {tiers && <Levels levels={tiers} set={setTiers} level={t('queueing.tier')} add={t('queueing.add_queue')} choices={queues.map(({ id, title }) => ({ value: id, label: title || id }))} />}
      </div>
    </Modal>
  )
}

export function People({ writes, queues, skills }: { writes: boolean; queues: readonly Queue[]; skills: readonly string[] }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery(agentsQuery)
  const [open, setOpen] = useState<Agent>()
  const titled = (id: string) => queues.find((queue) => queue.id === id)?.title || id
  if (error) return <ErrorNote error={error} again={() => void refetch()} />
  if (!data)
    return (
      <div className="panel">
        <Bones rows={4} />
      </div>
    )
  return (
    <section className="panel">
      {data.length === 0 && (
        <Empty icon={<UsersRound size={20} />} title={t('queueing.no_agents')}>
          <p>{t('queueing.no_agents_help')}</p>
        </Empty>
      )}
      <ul className="queue-people">
        {data.map((agent) => (
          <li key={agent.extension} data-row tabIndex={-1}>
            <span className="clip">
              <b>{agent.name || agent.extension}</b> <span className="muted num">{agent.extension}</span>
            </span>
            <span className="queue-chips">
              {pairs(agent.skills).map(({ name, level }) => (
                <span key={name} className="chip">
                  {name} <b className="num">{level}</b>
                </span>
              ))}
              {Object.keys(agent.skills).length === 0 && <span className="muted">{t('queueing.no_skills')}</span>}
            </span>
            <span className="queue-chips">
              {agent.queues === null && <span className="muted">{t('queueing.all_queues')}</span>}
              {pairs(agent.queues ?? {}).map(({ name, level }) => (
                <span key={name} className="chip" title={`${t('queueing.tier')} ${level}`}>
                  {titled(name)} <b className="num">{level}</b>
                </span>
              ))}
            </span>
            {writes && (
              <Button size="small" aria-label={t('queueing.edit_agent', { name: agent.name || agent.extension })} onClick={() => setOpen(agent)}>
                {t('queueing.edit')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {open && <Form key={open.extension} agent={open} queues={queues} skills={skills} close={() => setOpen(undefined)} />}
    </section>
  )
}
