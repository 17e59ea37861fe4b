/** All intents with what is worth knowing at a glance, and under them the lines that belong to none. */
import { Button, Input, Modal, type InputRef } from 'antd'
import { Ban, FlaskConical, ListChecks, Plus, Search } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router-dom'
import { useRowKeys } from '../../components/useRowKeys'
import { percent } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import { intentPath, useUnderstood } from '../context'
import type { WorkIntent } from '../edits'
import { mix } from '../lines'
import { nameFrom, shareOf, shareValues } from '../share'
import { Exchange } from './Exchange'

function Row({ intent, current }: { intent: WorkIntent; current: boolean }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { nameOf, accuracyOf } = useUnderstood()
  const { name, examples, origin, edited } = intent
  const accuracy = accuracyOf(name)
  return (
    <Link className="u-row" data-row to={intentPath(name)} aria-current={current ? 'true' : undefined}>
      <span className="strong clip">{nameOf(name)}</span>
      <span className="num muted right" title={t('understanding.examples', { count: examples.length })}>
        {examples.length}
      </span>
      <span className="u-row-facts">
        <span className="mono clip">{name}</span>
        {mix(examples).length > 1 && (
          <span className="num">{mix(examples).map(([spoken, n]) => `${t(`understanding.short_${spoken}`)} ${n}`).join(' · ')}</span>
        )}
      </span>
      <span className="u-row-end">
        {edited && <i className="u-dot" role="img" aria-label={t('understanding.edited')} title={t('understanding.edited')} />}
        {origin === 'flow' && (
          <span className="chip" title={t('understanding.origin_flow_help')}>
            {t('understanding.origin_flow')}
          </span>
        )}
        {accuracy && (
          <span className="num soft" title={t('understanding.share', shareValues(accuracy, language))}>
            {percent(shareOf(accuracy), language)}
          </span>
        )}
      </span>
    </Link>
  )
}

function NewIntent({ close }: { close: () => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const go = useNavigate()
  const { intents } = useUnderstood()
  const [label, setLabel] = useState('')
  const [typed, setTyped] = useState<string>()
  const name = typed === undefined ? nameFrom(label) : typed.trim()
  const taken = intents.work?.intents.some((intent) => intent.name === name)
  const possible = /[\p{L}\p{N}]/u.test(name) && !taken
  const make = () => {
    if (!possible) return
    intents.setIntent(name, { name, label: label.trim() === '' ? {} : { [language]: label.trim() }, examples: [] })
    close()
    void go(intentPath(name))
  }
  return (
    <Modal
      open
      title={t('understanding.new')}
      okText={t('understanding.make')}
      cancelText={t('app.cancel')}
      okButtonProps={{ disabled: !possible }}
      onOk={make}
      onCancel={close}
      width={440}
    >
      <div className="u-form">
        <label htmlFor="u-new-label">{t('understanding.new_label')}</label>
        <Input
          id="u-new-label"
          autoFocus
          maxLength={80}
          value={label}
          placeholder={t('understanding.new_label_example')}
          onChange={(event) => setLabel(event.target.value)}
          onPressEnter={make}
        />
        <label htmlFor="u-new-name">{t('understanding.new_name')}</label>
        <Input
          id="u-new-name"
          className="mono"
          maxLength={80}
          status={taken ? 'error' : undefined}
          value={typed ?? name}
          onChange={(event) => setTyped(event.target.value)}
          onPressEnter={make}
        />
        <p className={taken ? 'bad' : 'muted'}>{t(taken ? 'understanding.taken' : 'understanding.new_name_help')}</p>
      </div>
    </Modal>
  )
}

export function IntentList({ open }: { open: string | undefined }) {
  const { t } = useTranslation()
  const { intents, admin, nameOf } = useUnderstood()
  const [typed, setTyped] = useState('')
  const [making, setMaking] = useState(false)
  const search = useRef<InputRef>(null)
  useRowKeys({
    '/': () => search.current?.focus({ cursor: 'all' }),
    ...(admin ? { n: () => setMaking(true) } : {}),
  })
  const all = intents.work?.intents
  const wanted = typed.trim().toLowerCase()
  const shown = useMemo(
    () =>
      (all ?? []).filter(
        ({ name, label, examples }) =>
          wanted === '' ||
          [name, nameOf(name), ...Object.values(label)].some((text) => text.toLowerCase().includes(wanted)) ||
          examples.some(({ text }) => text.toLowerCase().includes(wanted)),
      ),
    [all, wanted, nameOf],
  )
  const others = [
    { view: 'out_of_scope', icon: Ban, count: intents.work?.out_of_scope.length },
    { view: 'tests', icon: FlaskConical, count: intents.work?.tests.length },
    { view: 'check', icon: ListChecks, count: undefined },
  ] as const
  return (
    <aside className="panel u-list">
      <div className="u-list-head">
        <Input
          ref={search}
          allowClear
          prefix={<Search size={14} aria-hidden />}
          placeholder={t('understanding.search')}
          aria-label={t('understanding.search')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        {admin && (
          <Button icon={<Plus size={15} />} aria-label={t('understanding.new')} title={`${t('understanding.new')} (n)`} onClick={() => setMaking(true)} />
        )}
      </div>
      <nav className="u-rows" aria-label={t('understanding.tab_intents')}>
        {shown.map((intent) => (
          <Row key={intent.name} intent={intent} current={open === `intent ${intent.name}`} />
        ))}
        {all?.length === 0 && <p className="muted u-none">{t('understanding.none')}</p>}
        {all && all.length > 0 && shown.length === 0 && <p className="muted u-none">{t('understanding.nothing')}</p>}
      </nav>
      <nav className="u-others" aria-label={t('understanding.others')}>
        {others.map(({ view, icon: Icon, count }) => (
          <Link key={view} className="u-other" data-row to={`/understanding/intents?view=${view}`} aria-current={open === view ? 'true' : undefined}>
            <Icon size={14} aria-hidden />
            <span className="spread">{t(`understanding.view_${view}`)}</span>
            {count !== undefined && <span className="num muted">{count}</span>}
          </Link>
        ))}
      </nav>
      <Exchange />
      {making && <NewIntent close={() => setMaking(false)} />}
    </aside>
  )
}
