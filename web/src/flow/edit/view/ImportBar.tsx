/** What is left to do after a flow was read from elsewhere, below the canvas until it is done. Each leads to its block. */
import { Button, Checkbox } from 'antd'
import { ChevronDown, ChevronUp, FileInput, X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../../../lib/format'
import type { LeftToDo } from '../begin'
import { useEdit } from '../context'
import { StatusIcon } from './ImportList'

export function ImportBar({ left, change }: { left: LeftToDo; change: (left: LeftToDo | undefined) => void }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const [isOpen, setOpen] = useState(true)
  const done = new Set(left.done)
  const rest = left.items.length - done.size
  const toggle = (index: number) => change({ ...left, done: done.has(index) ? left.done.filter((one) => one !== index) : [...left.done, index] })
  return (
    <section className="findings import-left" aria-label={t('studio.left')}>
      <div className="row">
        <button type="button" className="findings-head row" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <span className="row">
            <FileInput size={14} aria-hidden />
            {rest === 0 ? t('studio.left_none') : t('studio.left_count', { count: rest })}
          </span>
          <span className="spread" />
          {isOpen ? <ChevronDown size={15} aria-hidden /> : <ChevronUp size={15} aria-hidden />}
        </button>
        <Button type="text" size="small" icon={<X size={14} />} aria-label={t('studio.left_close')} title={t('studio.left_close')} onClick={() => change(undefined)} />
      </div>
      {isOpen && (
        <ul className="findings-list">
          {left.items.map((item, index) => (
            <li key={index} className={done.has(index) ? 'row left-done' : 'row'}>
              <Checkbox checked={done.has(index)} aria-label={t('studio.left_done', { name: item.source })} onChange={() => toggle(index)} />
              <button type="button" className="finding" disabled={item.block === null} onClick={() => edit.goTo(item.block, '')}>
                <StatusIcon status={item.status} />
                <strong className="clip">{words(item.block ?? item.source)}</strong>
                <span className="finding-words">
                  {item.message} <span className="muted">{item.kind}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
