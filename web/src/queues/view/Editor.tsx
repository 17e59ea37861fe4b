/** One queue as a form. What was typed stays through errors, reloads and an expired sign-in until it is saved or discarded. */
import { Alert, App, Button, Checkbox, ConfigProvider, Input, InputNumber, Radio, Select } from 'antd'
import { ArrowLeft, Plus, X } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from '../../api/client'
import { addQueue, changeQueue, fetchQueue } from '../../api/queues'
import { ErrorNote } from '../../components/Bits'
import { Head } from '../../components/Shell'
import { useDraft } from '../../lib/hooks'
import { languages } from '../../i18n'
import { days, problems, readQueue, same, strategies, tidy, type Hours, type Kept, type Opening, type Queue, type Step } from '../document'

interface FieldProps {
  id: string
  label: string
  help?: string
  error?: string
  children: ReactNode
}

function Field({ id, label, help, error, children }: FieldProps) {
  return (
    <div className="queue-field">
      <label htmlFor={id}>{label}</label>
      {children}
      {help !== undefined && <small className="muted">{help}</small>}
      {error !== undefined && (
        <small className="bad" role="alert">
          {error}
        </small>
      )}
    </div>
  )
}

function Part({ title, error, children }: { title: string; error?: string; children: ReactNode }) {
  return (
    <fieldset className="panel queue-part">
      <legend>{title}</legend>
      {error !== undefined && (
        <p className="bad" role="alert">
          {error}
        </p>
      )}
      {children}
    </fieldset>
  )
}

interface PartProps {
  queue: Queue
  set: (change: Partial<Queue>) => void
  wrong: Readonly<Record<string, string>>
  others: readonly Queue[]
  skills: readonly string[]
}

type NumberMember = 'language_level' | 'tier_after_s' | 'max_wait_s' | 'ring_s' | 'missed_limit' | 'wrap_up_s' | 'age_s'

function Whole({ queue, set, wrong, member, min, max, unit, help }: Pick<PartProps, 'queue' | 'set' | 'wrong'> & { member: NumberMember; min: number; max: number; unit?: string; help?: string }) {
  const { t } = useTranslation()
  return (
    <Field id={`queue-${member}`} label={t(`queueing.${member}`)} help={help} error={wrong[member]}>
      <InputNumber
        id={`queue-${member}`}
        min={min}
        max={max}
        precision={0}
        value={queue[member]}
        suffix={unit}
        status={wrong[member] === undefined ? undefined : 'error'}
        onChange={(value) => value !== null && set({ [member]: value })}
      />
    </Field>
  )
}

const without = <T,>(list: readonly T[], place: number): T[] => list.filter((_, index) => index !== place)
const replaced = <T,>(list: readonly T[], place: number, value: T): T[] => list.map((each, index) => (index === place ? value : each))

function TakeOut({ what, go }: { what: string; go: () => void }) {
  const { t } = useTranslation()
  return <Button type="text" size="small" icon={<X size={15} />} aria-label={`${t('queueing.take_out')}: ${what}`} onClick={go} />
}

function Who({ queue, set, wrong, others, skills }: PartProps) {
  const { t } = useTranslation()
  const { needs, overflow } = queue
  const step = (place: number, value: Step) => set({ overflow: replaced(overflow, place, value) })
  const addStep = () => set({ overflow: [...overflow, { after_s: (overflow.at(-1)?.after_s ?? 30) + 30, then: 'relax', levels: 1 }] })
  return (
    <>
      <Part title={t('queueing.part.who')}>
        <div className="queue-field">
          <span id="queue-strategy">{t('queueing.strategy')}</span>
          <Radio.Group aria-labelledby="queue-strategy" className="queue-strategies" value={queue.strategy} onChange={(event) => set({ strategy: event.target.value as Queue['strategy'] })}>
            {strategies.map((strategy) => (
              <Radio key={strategy} value={strategy}>
                {t(`queueing.strategies.${strategy}`)}
                <small className="muted">{t(`queueing.strategy_help.${strategy}`)}</small>
              </Radio>
            ))}
          </Radio.Group>
        </div>
        <div className="queue-field" role="group" aria-label={t('queueing.needs')}>
          <span>{t('queueing.needs')}</span>
          <small className="muted">{t('queueing.needs_help')}</small>
          {needs.map((need, place) => (
            <div className="row queue-line" key={place}>
              <Input list="queue-skills" aria-label={t('queueing.skill')} placeholder={t('queueing.skill')} value={need.skill} maxLength={64} onChange={({ target }) => set({ needs: replaced(needs, place, { ...need, skill: target.value }) })} />
              <InputNumber aria-label={t('queueing.level')} min={1} max={10} precision={0} prefix={t('queueing.level')} value={need.level} onChange={(level) => level !== null && set({ needs: replaced(needs, place, { ...need, level }) })} />
              <TakeOut what={need.skill} go={() => set({ needs: without(needs, place) })} />
            </div>
          ))}
          <datalist id="queue-skills">
            {skills.map((skill) => (
              <option key={skill} value={skill} />
            ))}
          </datalist>
          {wrong.needs !== undefined && (
            <small className="bad" role="alert">
              {wrong.needs}
            </small>
          )}
          <Button size="small" icon={<Plus size={14} />} onClick={() => set({ needs: [...needs, { skill: '', level: 1 }] })}>
            {t('queueing.add_need')}
          </Button>
        </div>
        <div className="queue-grid">
          <Whole {...{ queue, set, wrong }} member="language_level" min={0} max={10} help={t('queueing.language_level_help')} />
          <Whole {...{ queue, set, wrong }} member="tier_after_s" min={1} max={3_600} unit={t('queueing.seconds')} />
        </div>
        <div className="queue-field" role="group" aria-label={t('queueing.overflow')}>
          <span>{t('queueing.overflow')}</span>
          <small className="muted">{t('queueing.overflow_help')}</small>
          {overflow.map((each, place) => (
            <div className="row queue-line" key={place}>
              <InputNumber aria-label={t('queueing.after')} min={1} max={86_400} precision={0} prefix={t('queueing.after')} suffix={t('queueing.seconds')} value={each.after_s} onChange={(after_s) => after_s !== null && step(place, { ...each, after_s })} />
              <Select
                aria-label={t('queueing.then')}
                value={each.then}
                options={[
                  { value: 'relax', label: t('queueing.then_relax') },
                  { value: 'queue', label: t('queueing.then_queue') },
                ]}
                onChange={(then) => step(place, then === 'relax' ? { after_s: each.after_s, then, levels: 1 } : { after_s: each.after_s, then, queue: others[0]?.id ?? '' })}
              />
              {each.then === 'queue' ? (
                <Select aria-label={t('queueing.which_queue')} value={each.queue === '' ? undefined : each.queue} placeholder={t('queueing.which_queue')} options={others.map(({ id, title }) => ({ value: id, label: title || id }))} onChange={(to) => step(place, { ...each, queue: to })} />
              ) : (
                <InputNumber aria-label={t('queueing.fewer_levels')} min={1} max={10} precision={0} suffix={t('queueing.fewer_levels')} value={each.levels} onChange={(levels) => levels !== null && step(place, { ...each, levels })} />
              )}
              <TakeOut what={`${each.after_s} ${t('queueing.seconds')}`} go={() => set({ overflow: without(overflow, place) })} />
            </div>
          ))}
          {wrong.overflow !== undefined && (
            <small className="bad" role="alert">
              {wrong.overflow}
            </small>
          )}
          <Button size="small" icon={<Plus size={14} />} onClick={addStep}>
            {t('queueing.add_step')}
          </Button>
        </div>
      </Part>
    </>
  )
}

function WaitPart({ queue, set, wrong }: PartProps) {
  const { t } = useTranslation()
  const { target } = queue
  return (
    <Part title={t('queueing.part.wait')}>
      <div className="queue-grid">
        <Field id="queue-percent" label={t('queueing.target')} help={t('queueing.target_percent')} error={wrong.target}>
          <InputNumber id="queue-percent" min={1} max={100} precision={0} suffix={t('queueing.percent')} value={target.percent} onChange={(percent) => percent !== null && set({ target: { ...target, percent } })} />
        </Field>
        <Field id="queue-within" label={t('queueing.target_within')}>
          <InputNumber id="queue-within" min={1} max={3_600} precision={0} suffix={t('queueing.seconds')} value={target.within_s} onChange={(within_s) => within_s !== null && set({ target: { ...target, within_s } })} />
        </Field>
        <Whole {...{ queue, set, wrong }} member="max_wait_s" min={1} max={86_400} unit={t('queueing.seconds')} />
        <Field id="queue-max_length" label={t('queueing.max_length')} help={t('queueing.max_length_help')} error={wrong.max_length}>
          <InputNumber id="queue-max_length" min={1} max={100_000} precision={0} value={queue.max_length} onChange={(max_length) => set({ max_length })} />
        </Field>
        <Field id="queue-when_empty" label={t('queueing.when_empty')} error={wrong.when_empty}>
          <Select
            id="queue-when_empty"
            value={queue.when_empty}
            options={[
              { value: 'leave', label: t('queueing.when_leave') },
              { value: 'wait', label: t('queueing.when_wait') },
            ]}
            onChange={(when_empty) => set({ when_empty })}
          />
        </Field>
        <Whole {...{ queue, set, wrong }} member="age_s" min={1} max={3_600} unit={t('queueing.seconds')} help={t('queueing.age_help')} />
      </div>
    </Part>
  )
}

function HoursPart({ queue, set, wrong }: PartProps) {
  const { t } = useTranslation()
  const { hours } = queue
  const begin = (): Hours => ({ weekly: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00' }], time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone })
  const put = (weekly: readonly Opening[]) => hours && set({ hours: { ...hours, weekly } })
  return (
    <Part title={t('queueing.part.hours')} error={wrong.hours}>
      <Radio.Group aria-label={t('queueing.part.hours')} value={hours !== null} onChange={(event) => set({ hours: event.target.value === true ? begin() : null })}>
        <Radio value={false}>{t('queueing.always_open')}</Radio>
        <Radio value>{t('queueing.has_hours')}</Radio>
      </Radio.Group>
      {hours && (
        <>
          {hours.weekly.map((opening, place) => (
            <div className="row queue-line" key={place}>
              <Select
                mode="multiple"
                className="queue-days"
                aria-label={t('queueing.days')}
                value={[...opening.days]}
                options={days.map((day) => ({ value: day, label: t(`queueing.day.${day}`) }))}
                onChange={(chosen) => put(replaced(hours.weekly, place, { ...opening, days: days.filter((day) => chosen.includes(day)) }))}
              />
              <Input type="time" aria-label={t('queueing.from')} value={opening.from} onChange={({ target }) => put(replaced(hours.weekly, place, { ...opening, from: target.value }))} />
              <Input type="time" aria-label={t('queueing.to')} value={opening.to} onChange={({ target }) => put(replaced(hours.weekly, place, { ...opening, to: target.value }))} />
              <TakeOut what={`${opening.from}–${opening.to}`} go={() => put(without(hours.weekly, place))} />
            </div>
          ))}
          <Button size="small" icon={<Plus size={14} />} onClick={() => put([...hours.weekly, { days: ['sat'], from: '10:00', to: '14:00' }])}>
            {t('queueing.add_hours')}
          </Button>
          <Field id="queue-zone" label={t('queueing.time_zone')}>
            <Select id="queue-zone" showSearch value={hours.time_zone} options={Intl.supportedValuesOf('timeZone').map((zone) => ({ value: zone, label: zone }))} onChange={(time_zone) => set({ hours: { ...hours, time_zone } })} />
          </Field>
        </>
      )}
    </Part>
  )
}

const keyChoices = [...'0123456789*#']

function HearPart({ queue, set, wrong }: PartProps) {
  const { t } = useTranslation()
  const { announce, keys, callback } = queue
  const put = (change: Partial<Queue['announce']>) => set({ announce: { ...announce, ...change } })
  const key = (name: 'callback' | 'voicemail', help?: string) => (
    <Field id={`queue-key-${name}`} label={t(`queueing.key_${name}`)} help={help}>
      <Select
        id={`queue-key-${name}`}
        value={keys[name] ?? ''}
        options={[{ value: '', label: t('queueing.key_none') }, ...keyChoices.map((value) => ({ value, label: value }))]}
        onChange={(value) => set({ keys: { ...keys, [name]: value === '' ? null : value } })}
      />
    </Field>
  )
  return (
    <>
      <Part title={t('queueing.part.hear')} error={wrong.announce}>
        <div className="queue-grid">
          <Field id="queue-first" label={t('queueing.first_s')} help={t('queueing.first_help')}>
            <InputNumber id="queue-first" min={0} max={3_600} precision={0} suffix={t('queueing.seconds')} value={announce.first_s} onChange={(first_s) => first_s !== null && put({ first_s })} />
          </Field>
          <Field id="queue-every" label={t('queueing.every_s')}>
            <InputNumber id="queue-every" min={10} max={3_600} precision={0} suffix={t('queueing.seconds')} value={announce.every_s} onChange={(every_s) => every_s !== null && put({ every_s })} />
          </Field>
        </div>
        <div className="queue-checks">
          <Checkbox checked={announce.position} onChange={({ target }) => put({ position: target.checked })}>
            {t('queueing.position')}
          </Checkbox>
          <Checkbox checked={announce.wait} onChange={({ target }) => put({ wait: target.checked })}>
            {t('queueing.wait')}
          </Checkbox>
        </div>
        {languages.map((language) => (
          <Field key={language} id={`queue-comfort-${language}`} label={`${t('queueing.comfort')} · ${t(`spoken.${language}`)}`} help={language === languages[0] ? t('queueing.comfort_help') : undefined}>
            <Input.TextArea id={`queue-comfort-${language}`} lang={language} maxLength={500} autoSize={{ minRows: 1, maxRows: 4 }} value={announce.comfort[language] ?? ''} onChange={({ target }) => put({ comfort: { ...announce.comfort, [language]: target.value } })} />
          </Field>
        ))}
      </Part>
      <Part title={t('queueing.part.keys')} error={wrong.keys ?? wrong.callback}>
        <div className="queue-grid">
          {key('callback', t('queueing.key_callback_help'))}
          {key('voicemail')}
          {keys.callback !== null && (
            <>
              <Field id="queue-tries" label={t('queueing.callback_tries')}>
                <InputNumber id="queue-tries" min={1} max={20} precision={0} value={callback.tries} onChange={(tries) => tries !== null && set({ callback: { ...callback, tries } })} />
              </Field>
              <Field id="queue-minutes" label={t('queueing.callback_minutes')}>
                <InputNumber id="queue-minutes" min={1} max={1_440} precision={0} suffix={t('queueing.minutes')} value={callback.minutes} onChange={(minutes) => minutes !== null && set({ callback: { ...callback, minutes } })} />
              </Field>
            </>
          )}
        </div>
      </Part>
    </>
  )
}

function AgentPart({ queue, set, wrong }: PartProps) {
  const { t } = useTranslation()
  const { dispositions } = queue
  return (
    <>
      <Part title={t('queueing.part.agent')}>
        <div className="queue-grid">
          <Whole {...{ queue, set, wrong }} member="ring_s" min={3} max={120} unit={t('queueing.seconds')} />
          <Whole {...{ queue, set, wrong }} member="wrap_up_s" min={0} max={3_600} unit={t('queueing.seconds')} />
          <Whole {...{ queue, set, wrong }} member="missed_limit" min={0} max={100} help={t('queueing.missed_limit_help')} />
        </div>
      </Part>
      <Part title={t('queueing.part.ends')} error={wrong.dispositions}>
        <small className="muted">{t('queueing.dispositions')}</small>
        {dispositions.map((each, place) => (
          <div className="row queue-line" key={place}>
            <Input aria-label={t('queueing.disposition_title')} placeholder={t('queueing.disposition_title')} maxLength={100} value={each.title} onChange={({ target }) => set({ dispositions: replaced(dispositions, place, { ...each, title: target.value }) })} />
            <Input aria-label={t('queueing.disposition_id')} placeholder={t('queueing.disposition_id')} maxLength={64} value={each.id} onChange={({ target }) => set({ dispositions: replaced(dispositions, place, { ...each, id: target.value }) })} />
            <TakeOut what={each.title || each.id} go={() => set({ dispositions: without(dispositions, place) })} />
          </div>
        ))}
        <Button size="small" icon={<Plus size={14} />} onClick={() => set({ dispositions: [...dispositions, { id: '', title: '' }] })}>
          {t('queueing.add_disposition')}
        </Button>
      </Part>
    </>
  )
}

function drafted(text: string): { queue: Queue; revision: number } | undefined {
  try {
    const { queue, revision } = JSON.parse(text) as { queue: unknown; revision: unknown }
    const read = readQueue(queue)
    return read && typeof revision === 'number' ? { queue: read, revision } : undefined
  } catch {
    return undefined
  }
}

interface Props {
  kept: Kept
  fresh: boolean
  writes: boolean
  others: readonly Queue[]
  skills: readonly string[]
  saved: (kept: Kept) => void
  /** Back to all queues. */
  close: () => void
}

export function Editor({ kept, fresh, writes, others, skills, saved, close }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [draft, setDraft] = useDraft(`queue.${fresh ? '' : kept.queue.id}`)
  const [before] = useState(() => (writes ? drafted(draft) : undefined))
  const [queue, setQueue] = useState(before?.queue ?? kept.queue)
  const [revision, setRevision] = useState(before?.revision ?? kept.revision)
  const [error, setError] = useState<Failure>()
  const [busy, setBusy] = useState(false)
  const changed = !same(queue, kept.queue)
  const conflict = error?.status === 412
  const wrong = error?.status === 400 ? problems(error.message) : {}
  const general = error && !conflict && (error.status !== 400 || wrong[''] !== undefined) ? error : undefined

  const put = (next: Queue) => {
    setQueue(next)
    setDraft(same(next, kept.queue) ? '' : JSON.stringify({ queue: next, revision }))
  }
  const save = async (onto: number) => {
    setBusy(true)
    try {
      const whole = tidy(queue)
      const now = fresh || !kept.stored ? await addQueue(whole) : await changeQueue(whole, onto)
      setDraft('')
      setError(undefined)
      setQueue(now.queue)
      setRevision(now.revision)
      void message.success(t('queueing.saved'))
      saved(now)
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  /** The version that was faster: taken instead, or only its revision. */
  const theirs = async (take: boolean) => {
    try {
      const now = await fetchQueue(queue.id)
      if (!take) return await save(now.revision)
      setDraft('')
      setError(undefined)
      setQueue(now.queue)
      setRevision(now.revision)
      saved(now)
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure
      setError(failure)
    }
  }
  useEffect(() => {
    const first = error?.status === 400 ? document.querySelector('.queue-form [role="alert"]') : null
    first?.scrollIntoView({ block: 'center' })
  }, [error])

  const props: PartProps = { queue, set: (change) => put({ ...queue, ...change }), wrong, others, skills }
  const title = fresh ? t('queueing.new') : kept.queue.title || kept.queue.id
  return (
    <form
      className="queue-form"
      onSubmit={(event) => {
        event.preventDefault()
        void save(revision)
      }}
      onKeyDown={(event) => {
        if (event.key === 's' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault()
          if (writes) void save(revision)
        }
      }}
    >
      <Head title={title} note={!fresh && !kept.stored ? t('queueing.usual') : undefined}>
        <Button icon={<ArrowLeft size={15} />} onClick={close}>
          {t('queueing.back')}
        </Button>
      </Head>
      {before && changed && <Alert type="info" showIcon title={t('queueing.kept')} />}
      {conflict && (
        <Alert
          type="warning"
          showIcon
          role="alert"
          title={t('queueing.changed')}
          description={t('queueing.changed_help')}
          action={
            <span className="row">
              <Button size="small" onClick={() => void theirs(true)}>
                {t('queueing.take_theirs')}
              </Button>
              <Button size="small" onClick={() => void theirs(false)}>
                {t('queueing.save_mine')}
              </Button>
            </span>
          }
        />
      )}
      {general && <ErrorNote error={general} />}
      <ConfigProvider componentDisabled={!writes}>
        <div className="queue-parts">
        <Part title={t('queueing.part.name')}>
          <div className="queue-grid">
            <Field id="queue-title" label={t('queueing.title')} error={wrong.title}>
              <Input id="queue-title" autoFocus={fresh} maxLength={100} value={queue.title} onChange={({ target }) => props.set({ title: target.value })} />
            </Field>
            <Field id="queue-id" label={t('queueing.id')} help={t('queueing.id_help')} error={wrong.id}>
              <Input id="queue-id" maxLength={64} disabled={!fresh} value={queue.id} status={wrong.id === undefined ? undefined : 'error'} onChange={({ target }) => props.set({ id: target.value })} />
            </Field>
          </div>
        </Part>
        <Who {...props} />
        <WaitPart {...props} />
        <HoursPart {...props} />
        <AgentPart {...props} />
        <HearPart {...props} />
        </div>
      </ConfigProvider>
      {writes && (
        <div className="queue-foot">
          <Button type="primary" htmlType="submit" loading={busy} disabled={!fresh && kept.stored && !changed} aria-keyshortcuts="Control+S">
            {t('queueing.save')}
          </Button>
          {changed && (
            <Button
              onClick={() => {
                setDraft('')
                setError(undefined)
                setQueue(kept.queue)
                setRevision(kept.revision)
              }}
            >
              {t('queueing.discard')}
            </Button>
          )}
          {changed && <span className="muted">{t('queueing.unsaved')}</span>}
        </div>
      )}
    </form>
  )
}
