/** All lists with how much they hold. */
import { Button, Input, Modal, type InputRef } from 'antd'
import { Plus, Search } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router-dom'
import { useRowKeys } from '../../../components/useRowKeys'
import { useLanguage } from '../../../lib/hooks'
import { useUnderstood } from '../../context'
import { newKey, type WorkList } from '../../edits'
import { nameFault } from '../../entities/faults'
import { LONGEST_NAME, matches, MOST_LISTS, nameOf } from '../../entities/list'
import { standing, usePublished } from '../../entities/published'
import { snapshot } from '../../unsaved'

const path = (key: string): string => `/understanding/entities?list=${encodeURIComponent(key)}`

function Row({ list, current, found }: { list: WorkList; current: boolean; found: number | undefined }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const published = usePublished()
  const state = published && standing(list, published)
  const { length } = list.values
  return (
    <Link className="u-row" data-row to={path(list.key)} aria-current={current ? 'true' : undefined}>
      <span className="mono clip">{list.name || '—'}</span>
      <span className="num muted right" title={t('entities.entries', { count: length })}>
        {new Intl.NumberFormat(language).format(length)}
      </span>
      {(found !== undefined || list.edited || (state && state !== 'live')) && (
        <>
          <span className="u-row-facts">{found !== undefined && <span>{t('entities.match', { count: found })}</span>}</span>
          <span className="u-row-end">
            {list.edited && <i className="u-dot" role="img" aria-label={t('understanding.edited')} title={t('understanding.edited')} />}
            {state && state !== 'live' && <span className="chip">{t(`entities.state_${state}`)}</span>}
          </span>
        </>
      )}
    </Link>
  )
}

function NewList({ lists, close }: { lists: readonly WorkList[]; close: () => void }) {
  const { t } = useTranslation()
  const go = useNavigate()
  const { intents } = useUnderstood()
  const [typed, setTyped] = useState('')
  const name = nameOf(typed) === typed.toLowerCase().trim() ? typed.trim() : nameOf(typed)
  const fault = nameFault(name, lists)
  const make = () => {
    if (fault) return
    const key = newKey(snapshot().edits)
    intents.setList(key, { name, values: [] })
    close()
    void go(path(key))
  }
  const said = typed.trim() !== '' && fault
  return (
    <Modal open width={440} title={t('entities.new')} okText={t('understanding.make')} cancelText={t('app.cancel')} okButtonProps={{ disabled: fault !== undefined }} onOk={make} onCancel={close}>
      <div className="u-form">
        <label htmlFor="e-new-name">{t('entities.name')}</label>
        <Input
          id="e-new-name"
          autoFocus
          className="mono"
          maxLength={LONGEST_NAME}
          status={said ? 'error' : undefined}
          placeholder={t('entities.name_example')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onPressEnter={(event) => !event.nativeEvent.isComposing && make()}
        />
        <p className={said ? 'bad' : 'muted'}>
          {said ? t(fault === 'twice' ? 'entities.name_twice' : 'entities.name_bad') : name !== typed.trim() ? t('entities.name_becomes', { name }) : t('entities.name_help')}
        </p>
      </div>
    </Modal>
  )
}

export function ListNav({ open }: { open: string | undefined }) {
  const { t } = useTranslation()
  const { intents, admin } = useUnderstood()
  const [typed, setTyped] = useState('')
  const [making, setMaking] = useState(false)
  const search = useRef<InputRef>(null)
  const lists = intents.work?.lists ?? []
  const full = lists.length >= MOST_LISTS
  useRowKeys({
    '/': () => search.current?.focus({ cursor: 'all' }),
    ...(admin && !full ? { n: () => setMaking(true) } : {}),
  })
  const wanted = typed.trim().toLowerCase()
  const shown = lists
    .map((list) => ({ list, found: wanted === '' ? undefined : list.values.filter((entry) => matches(entry, wanted)).length }))
    .filter(({ list, found }) => found === undefined || found > 0 || list.name.toLowerCase().includes(wanted))
  return (
    <aside className="panel u-list">
      <div className="u-list-head">
        <Input
          ref={search}
          allowClear
          prefix={<Search size={14} aria-hidden />}
          placeholder={t('entities.search')}
          aria-label={t('entities.search')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        {admin && (
          <Button
            icon={<Plus size={15} />}
            disabled={full}
            aria-label={t('entities.new')}
            title={full ? t('entities.too_many_lists', { most: MOST_LISTS }) : `${t('entities.new')} (n)`}
            onClick={() => setMaking(true)}
          />
        )}
      </div>
      <nav className="u-rows" aria-label={t('understanding.tab_entities')}>
        {shown.map(({ list, found }) => (
          <Row key={list.key} list={list} current={open === list.key} found={found} />
        ))}
        {lists.length === 0 && (
          <div className="u-none">
            <p className="muted">{t('entities.none')}</p>
            {admin && (
              <Button className="u-empty-act" type="primary" icon={<Plus size={14} />} onClick={() => setMaking(true)}>
                {t('entities.new')}
              </Button>
            )}
          </div>
        )}
        {lists.length > 0 && shown.length === 0 && <p className="muted u-none">{t('understanding.nothing')}</p>}
      </nav>
      {making && <NewList lists={lists} close={() => setMaking(false)} />}
    </aside>
  )
}
