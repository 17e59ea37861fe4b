/** Queues: how each is set, and what those who work in them can do. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App as AntApp, Button, Checkbox, Input, InputNumber, Modal, Select } from 'antd'
import { Plus, Trash2, UsersRound } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { http, take } from '../api/client'
import type { components } from '../api/schema'
import type { Me } from '../api/types'
import { Bones, Empty, ErrorNote, useReason } from '../components/Bits'
import { Head } from '../components/Shell'
import { useTitle } from '../lib/hooks'
import './queues.css'

type Schemas = components['schemas']
type Queue = Schemas['Queue']
type View = Schemas['QueueView']
type Agent = Schemas['AgentView']

const STRATEGIES = ['longest_idle', 'least_occupied', 'round_robin', 'ring_all', 'most_skilled', 'last_agent'] as const
const NUMBERS = [
  ['ring_s', 3, 120],
  ['max_wait_s', 1, 86_400],
  ['wrap_up_s', 0, 3_600],
  ['missed_limit', 0, 100],
  ['tier_after_s', 1, 3_600],
  ['age_s', 1, 3_600],
  ['language_level', 0, 10],
] as const

/** `billing:3, vip:2`, as people type it. */
const levels = (text: string): [string, number][] =>
  text
    .split(/[,，\s]+/)
    .filter(Boolean)
    .map((part) => {
      const [name = '', level] = part.split(/[:：]/)
      return [name, Number(level ?? 1)]
    })

const typed = (pairs: readonly (readonly [string, number])[]): string => pairs.map(([name, level]) => `${name}:${level}`).join(', ')

function Form({ view, saved, close }: { view: View; saved: () => void; close: () => void }) {
  const { t } = useTranslation()
  const { message } = AntApp.useApp()
  const reason = useReason()
  const [queue, setQueue] = useState<Queue>(view.queue)
  const [needs, setNeeds] = useState(typed((view.queue.needs ?? []).map(({ skill, level }) => [skill, level ?? 1])))
  const [ends, setEnds] = useState((view.queue.dispositions ?? []).map(({ id }) => id).join(', '))
  const set = (change: Partial<Queue>) => setQueue((before) => ({ ...before, ...change }))
  const announce = queue.announce ?? { first_s: 15, every_s: 45, position: true, wait: true, comfort: {} }
  const keys = queue.keys ?? { callback: null, voicemail: null }
  const target = queue.target ?? { percent: 80, within_s: 20 }
  const save = async () => {
    const known = new Map((queue.dispositions ?? []).map((one) => [one.id, one]))
    const whole: Queue = {
      ...queue,
      needs: levels(needs).map(([skill, level]) => ({ skill, level })),
      dispositions: ends
        .split(/[,，\s]+/)
        .filter(Boolean)
        .map((id) => known.get(id) ?? { id }),
    }
    try {
      if (view.stored) {
        await take(
          http.PUT('/api/v1/queues/{id}', { params: { path: { id: queue.id } }, body: { revision: view.revision, queue: whole } }),
        )
      } else await take(http.POST('/api/v1/queues', { body: whole }))
      saved()
    } catch (error) {
      void message.error(reason(error))
    }
  }
  const number = (label: string, value: number | undefined, [from, to]: readonly [number, number], change: (value: number) => void) => (
    <label key={label}>
      {t(`queues.${label}`)}
      <InputNumber min={from} max={to} value={value} onChange={(value) => value !== null && change(value)} />
    </label>
  )
  return (
    <Modal open title={view.stored ? queue.id : t('queues.new')} okText={t('queues.save')} onOk={() => void save()} onCancel={close}>
      <div className="queues-form">
        {!view.stored && (
          <label>
            {t('queues.id')}
            <Input value={queue.id} onChange={({ target }) => set({ id: target.value })} />
          </label>
        )}
        <label>
          {t('queues.title')}
          <Input value={queue.title ?? ''} onChange={({ target }) => set({ title: target.value })} />
        </label>
        <label>
          {t('queues.strategy')}
          <Select
            value={queue.strategy ?? 'longest_idle'}
            options={STRATEGIES.map((value) => ({ value, label: t(`queues.strategy_${value}`) }))}
            onChange={(strategy) => set({ strategy })}
          />
        </label>
        <label>
          {t('queues.needs')}
          <Input value={needs} placeholder="billing:3" onChange={({ target }) => setNeeds(target.value)} />
        </label>
        {NUMBERS.map(([name, from, to]) => number(name, queue[name], [from, to], (value) => set({ [name]: value })))}
        {number('percent', target.percent, [1, 100], (percent) => set({ target: { ...target, percent } }))}
        {number('within_s', target.within_s, [1, 3_600], (within_s) => set({ target: { ...target, within_s } }))}
        {number('first_s', announce.first_s, [0, 3_600], (first_s) => set({ announce: { ...announce, first_s } }))}
        {number('every_s', announce.every_s, [10, 3_600], (every_s) => set({ announce: { ...announce, every_s } }))}
        <label>
          {t('queues.key_callback')}
          <Input
            maxLength={1}
            value={keys.callback ?? ''}
            onChange={({ target }) => set({ keys: { ...keys, callback: target.value || null } })}
          />
        </label>
        <label>
          {t('queues.key_voicemail')}
          <Input
            maxLength={1}
            value={keys.voicemail ?? ''}
            onChange={({ target }) => set({ keys: { ...keys, voicemail: target.value || null } })}
          />
        </label>
        <label>
          {t('queues.dispositions')}
          <Input value={ends} placeholder="sold, not_now" onChange={({ target }) => setEnds(target.value)} />
        </label>
        <Checkbox
          checked={announce.position}
          onChange={({ target }) => set({ announce: { ...announce, position: target.checked } })}
        >
          {t('queues.position')}
        </Checkbox>
        <Checkbox checked={announce.wait} onChange={({ target }) => set({ announce: { ...announce, wait: target.checked } })}>
          {t('queues.wait')}
        </Checkbox>
        <Checkbox
          checked={queue.when_empty === 'wait'}
          onChange={({ target }) => set({ when_empty: target.checked ? 'wait' : 'leave' })}
        >
          {t('queues.when_empty')}
        </Checkbox>
      </div>
    </Modal>
  )
}

function Skills({ agent, saved, close }: { agent: Agent; saved: () => void; close: () => void }) {
  const { t } = useTranslation()
  const { message } = AntApp.useApp()
  const reason = useReason()
  const [skills, setSkills] = useState(typed(Object.entries(agent.skills)))
  const [queues, setQueues] = useState(typed(Object.entries(agent.queues ?? {})))
  const save = async () => {
    const body = {
      skills: Object.fromEntries(levels(skills)),
      queues: queues.trim() === '' ? null : Object.fromEntries(levels(queues)),
    }
    try {
      await take(http.PUT('/api/v1/agents/{extension}', { params: { path: { extension: agent.extension } }, body }))
      saved()
    } catch (error) {
      void message.error(reason(error))
    }
  }
  return (
    <Modal open title={agent.name || agent.extension} okText={t('queues.save')} onOk={() => void save()} onCancel={close}>
      <div className="queues-form">
        <label>
          {t('queues.skills')}
          <Input value={skills} placeholder="en:5, billing:3" onChange={({ target }) => setSkills(target.value)} />
        </label>
        <label>
          {t('queues.tiers')}
          <Input value={queues} placeholder={t('queues.all')} onChange={({ target }) => setQueues(target.value)} />
        </label>
      </div>
    </Modal>
  )
}

function Lists({ writes }: { writes: boolean }) {
  const { t } = useTranslation()
  const { message, modal } = AntApp.useApp()
  const reason = useReason()
  const cache = useQueryClient()
  const { data, error, refetch } = useQuery({ queryKey: ['queues'], queryFn: () => take(http.GET('/api/v1/queues')), staleTime: 0 })
  const { data: agents } = useQuery({ queryKey: ['agents'], queryFn: () => take(http.GET('/api/v1/agents')), staleTime: 0 })
  const [open, setOpen] = useState<View>()
  const [agent, setAgent] = useState<Agent>()
  const done = () => {
    setOpen(undefined)
    setAgent(undefined)
    void cache.invalidateQueries({ queryKey: ['queues'] })
    void cache.invalidateQueries({ queryKey: ['agents'] })
  }
  const remove = (id: string) =>
    modal.confirm({
      title: t('queues.remove', { id }),
      onOk: () =>
        take(http.DELETE('/api/v1/queues/{id}', { params: { path: { id } } })).then(done, (error: unknown) => {
          void message.error(reason(error))
        }),
    })
  const fresh: View = { queue: { id: '' }, revision: 0, stored: false, changed_at: null, changed_by: null }
  return (
    <>
      <Head title={t('nav.queues')} note={data && t('queues.note', { count: data.length })}>
        {writes && (
          <Button icon={<Plus size={15} />} onClick={() => setOpen(fresh)}>
            {t('queues.new')}
          </Button>
        )}
      </Head>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!data && !error && (
        <div className="panel">
          <Bones rows={4} />
        </div>
      )}
      <ul className="queues">
        {data?.map((view) => (
          <li key={view.queue.id} className="panel queues-card">
            <h2 className="clip">{view.queue.title || view.queue.id}</h2>
            <p className="muted">
              {view.queue.id} · {t(`queues.strategy_${view.queue.strategy ?? 'longest_idle'}`)}
              {!view.stored && ` · ${t('queues.usual')}`}
            </p>
            {writes && (
              <p className="queues-acts">
                <Button size="small" onClick={() => setOpen(view)}>
                  {t('queues.edit')}
                </Button>
                {view.stored && (
                  <Button
                    size="small"
                    icon={<Trash2 size={14} />}
                    aria-label={t('queues.remove', { id: view.queue.id })}
                    onClick={() => remove(view.queue.id)}
                  />
                )}
              </p>
            )}
          </li>
        ))}
      </ul>
      <section className="panel queues-agents" aria-label={t('queues.agents')}>
        <h2>{t('queues.agents')}</h2>
        {agents?.length === 0 && (
          <Empty icon={<UsersRound size={20} />} title={t('floor.no_agents')}>
            {t('floor.no_agents_help')}
          </Empty>
        )}
        <ul>
          {agents?.map((one) => (
            <li key={one.extension}>
              <span className="clip">
                {one.name || one.extension} <span className="muted">{one.extension}</span>
              </span>
              <span className="muted">{typed(Object.entries(one.skills)) || t('queues.no_skills')}</span>
              <span className="muted">{one.queues ? typed(Object.entries(one.queues)) : t('queues.all')}</span>
              {writes && (
                <Button size="small" onClick={() => setAgent(one)}>
                  {t('queues.edit')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </section>
      {open && <Form key={open.queue.id} view={open} saved={done} close={() => setOpen(undefined)} />}
      {agent && <Skills key={agent.extension} agent={agent} saved={done} close={() => setAgent(undefined)} />}
    </>
  )
}

export default function Queues({ me }: { me: Me }) {
  const { t } = useTranslation()
  useTitle(t('nav.queues'))
  return <Lists writes={me.permissions.includes('queues.write')} />
}
