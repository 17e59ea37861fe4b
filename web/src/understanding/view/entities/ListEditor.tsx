/** One list: its name, where it is used, and its entries. */
import { Button, Input, Popconfirm, type InputRef } from 'antd'
import { ClipboardPaste, CornerDownLeft, Search, Trash2, TriangleAlert, Workflow } from 'lucide-react'
import { lazy, Suspense, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router-dom'
import type { EntityValue } from '../../../api/types'
import { words } from '../../../lib/format'
import { useUnderstood } from '../../context'
import type { WorkList } from '../../edits'
import { faultsOf, nameFault, refused } from '../../entities/faults'
import { LONGEST_NAME, matches } from '../../entities/list'
import { lay, read } from '../../entities/paste'
import { standing, usePublished } from '../../entities/published'
import { useUndo } from './useUndo'
import { useUses } from '../../entities/usage'
import { snapshot } from '../../unsaved'
import { EntryTable, type Table } from './EntryTable'

const Paste = lazy(() => import('./PasteEntries'))

/** A search is worth its room from here on. */
const MANY = 8

function Used({ name }: { name: string }) {
  const { t } = useTranslation()
  const uses = useUses(name)
  return (
    <p className="u-note">
      <Workflow size={14} aria-hidden />
      <span>
        {uses.length === 0 ? (
          <>
            {t('entities.used_how')} <code>{`"list": "${name}"`}</code>
          </>
        ) : (
          <>
            {t('entities.used_by')}{' '}
            {uses.map(({ flow, name: its, block }, at) => (
              <span key={`${flow} ${block}`}>
                {at > 0 && ' · '}
                <Link to={`/flows/${encodeURIComponent(flow)}`}>{`${words(block)} (${its})`}</Link>
              </span>
            ))}
          </>
        )}
      </span>
    </p>
  )
}

function Head({ list }: { list: WorkList }) {
  const { t } = useTranslation()
  const go = useNavigate()
  const undoable = useUndo()
  const published = usePublished()
  const { intents, admin } = useUnderstood()
  const { key, name, values } = list
  const state = published && standing(list, published)
  const before = intents.draft?.lists.find((one) => one.name === key)?.name
  const uses = useUses(before ?? name)
  const fault = nameFault(name, intents.work?.lists.filter((one) => one.key !== key) ?? [])
  const inUse = uses.length > 0 && t('entities.in_use', { count: uses.length })
  const remove = () => {
    intents.setList(key, null)
    undoable(t('entities.list_removed', { name }), () => {
      intents.setList(key, { name, values })
      void go(`/understanding/entities?list=${encodeURIComponent(key)}`)
    })
    void go('/understanding/entities')
  }
  return (
    <header className="u-head">
      <div className="u-head-row">
        <h2 className="sr">{name}</h2>
        <Input
          className="mono e-name"
          value={name}
          readOnly={!admin}
          maxLength={LONGEST_NAME}
          spellCheck={false}
          status={fault ? 'error' : undefined}
          aria-label={t('entities.name')}
          onChange={(event) => intents.setList(key, { name: event.target.value, values })}
        />
        <span className="spread" />
        {admin && (
          <Popconfirm
            title={t('entities.remove_sure', { count: values.length })}
            description={inUse || undefined}
            okText={t('understanding.remove')}
            cancelText={t('app.cancel')}
            okButtonProps={{ danger: true }}
            onConfirm={remove}
          >
            <Button size="small" type="text" danger icon={<Trash2 size={14} />}>
              {t('understanding.remove')}
            </Button>
          </Popconfirm>
        )}
      </div>
      {fault && (
        <p className="bad" role="alert">
          {t(fault === 'twice' ? 'entities.name_twice' : 'entities.name_bad')}
        </p>
      )}
      {before !== undefined && before !== name && (
        <p className="u-warn">
          {t('entities.renamed', { before })} {inUse}
        </p>
      )}
      <p className="muted u-facts">
        <span className="num">{t('entities.entries', { count: values.length })}</span>
        {state && <span>{t(`entities.state_${state}_help`)}</span>}
      </p>
      <Used name={name} />
    </header>
  )
}

export function ListEditor({ list }: { list: WorkList }) {
  const { t } = useTranslation()
  const undoable = useUndo()
  const { intents, admin } = useUnderstood()
  const [typed, setTyped] = useState('')
  const [wanted, setWanted] = useState('')
  const [wrongOnly, setWrongOnly] = useState(false)
  const [pasting, setPasting] = useState<string | null>(null)
  const table = useRef<Table>(null)
  const box = useRef<InputRef>(null)
  const { key, name, values } = list
  const faults = useMemo(() => faultsOf(values), [values])
  const laid = useMemo(() => lay(read(typed).rows, name, values), [typed, name, values])
  const low = wanted.trim().toLowerCase()
  const shown = useMemo(
    () => values.flatMap((entry, at) => (matches(entry, low) && (!wrongOnly || faults.has(at)) ? [at] : [])),
    [values, low, wrongOnly, faults],
  )
  const serious = [...faults.values()].filter(refused).length
  const set = (next: EntityValue[]) => intents.setList(key, { name, values: next })
  /** The entries as they are when something is undone, which is later. */
  const latest = () => snapshot().edits?.lists?.[key]?.is ?? list
  const change = (at: number, entry: EntityValue | null) => {
    if (entry) return set(values.map((other, index) => (index === at ? entry : other)))
    const gone = values[at]
    set(values.filter((_, index) => index !== at))
    if (!gone) return
    undoable(t('entities.entry_removed', { name: gone.value }), () => {
      const { name: its, values: now } = latest()
      intents.setList(key, { name: its, values: [...now.slice(0, at), gone, ...now.slice(at)] })
    })
    requestAnimationFrame(() => {
      if (values.length > 1) table.current?.goTo(Math.min(at, values.length - 2))
      else box.current?.focus()
    })
  }
  const goTo = (at: number) => {
    setWanted('')
    setWrongOnly(false)
    // Once all entries are shown.
    setTimeout(() => table.current?.goTo(at), 50)
  }
  const add = (fresh: readonly EntityValue[], grown: ReadonlyMap<number, EntityValue>) =>
    set([...fresh, ...values.map((entry, at) => grown.get(at) ?? entry)])
  const addTyped = () => {
    if (laid.fresh.length === 0 && laid.grown.size === 0) return
    add(laid.fresh, laid.grown)
    setTyped('')
  }
  return (
    <>
      <Head list={list} />
      <div className="u-lines">
        {admin && (
          <div className="u-add">
            <Input
              ref={box}
              value={typed}
              placeholder={t('entities.add_help')}
              aria-label={t('entities.add')}
              suffix={<CornerDownLeft size={13} aria-hidden className="muted" />}
              onChange={(event) => setTyped(event.target.value)}
              onPressEnter={(event) => !event.nativeEvent.isComposing && addTyped()}
              onPaste={(event) => {
                const text = event.clipboardData.getData('text')
                if (!/[\n\r]./.test(text.trim())) return
                event.preventDefault()
                setPasting(text)
              }}
            />
            <Button icon={<ClipboardPaste size={15} />} onClick={() => setPasting('')}>
              {t('understanding.paste')}
            </Button>
          </div>
        )}
        {typed !== '' && (
          <p className={laid.fresh.length > 0 ? 'soft u-verdict' : 'u-warn u-verdict'} aria-live="polite">
            {laid.fresh[0] && t('entities.kept_as', { name: laid.fresh[0].value })}
            {laid.grown.size > 0 && t('entities.grows', { name: [...laid.grown.values()][0]?.value ?? '' })}
            {laid.repeated > 0 && t('entities.here_already')}
            {laid.shared[0] && ` ${t('entities.shared', { text: laid.shared[0].text, other: laid.shared[0].with })}`}
          </p>
        )}
        {(values.length > MANY || wanted !== '' || faults.size > 0) && (
          <div className="e-tools">
            <Input
              size="small"
              allowClear
              prefix={<Search size={13} aria-hidden />}
              placeholder={t('entities.find_entry')}
              aria-label={t('entities.find_entry')}
              value={wanted}
              onChange={(event) => setWanted(event.target.value)}
            />
            {(faults.size > 0 || wrongOnly) && (
              <Button size="small" type={wrongOnly ? 'primary' : 'default'} aria-pressed={wrongOnly} icon={<TriangleAlert size={13} />} onClick={() => setWrongOnly(!wrongOnly)}>
                {t(serious > 0 ? 'entities.faults' : 'entities.hints', { count: faults.size })}
              </Button>
            )}
          </div>
        )}
        {values.length === 0 && <p className="muted u-none">{t('entities.no_entries')}</p>}
        {values.length > 0 && shown.length === 0 && <p className="muted u-none">{t('understanding.nothing')}</p>}
        {shown.length > 0 && (
          <>
            <div className="e-entry e-heads" aria-hidden>
              <span>{t('entities.value')}</span>
              <span>{t('spoken.en')}</span>
              <span>{t('spoken.zh-CN')}</span>
            </div>
            <EntryTable ref={table} list={name} entries={values} shown={shown} faults={faults} change={change} goTo={goTo} />
          </>
        )}
      </div>
      <Suspense fallback={null}>
        {pasting !== null && (
          <Paste
            list={list}
            begin={pasting}
            add={(fresh, grown) => {
              add(fresh, grown)
              const added = new Set(fresh.map(({ value }) => value))
              const were = new Map([...grown.keys()].map((at) => [values[at]?.value, values[at]]))
              undoable(t('entities.pasted', { count: fresh.length + grown.size }), () => {
                const { name: its, values: now } = latest()
                const back = now.filter(({ value }) => !added.has(value)).map((entry) => were.get(entry.value) ?? entry)
                intents.setList(key, { name: its, values: back })
              })
            }}
            close={() => setPasting(null)}
          />
        )}
      </Suspense>
    </>
  )
}
