/** Many entries at once: what was pasted, how it was read, and what will become of it, before anything is added. */
import { Input, Modal } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EntityValue } from '../../../api/types'
import { useUnderstood } from '../../context'
import type { WorkList } from '../../edits'
import { LONGEST_PHRASE, MOST_ENTRIES, MOST_PHRASES, spoken } from '../../entities/list'
import { lay, read } from '../../entities/paste'

/** So many are shown of what will be added, and of each kind of remark. */
const SHOWN = 6

interface Props {
  list: WorkList
  begin: string
  add: (fresh: readonly EntityValue[], grown: ReadonlyMap<number, EntityValue>) => void
  close: () => void
}

export default function PasteEntries({ list, begin, add, close }: Props) {
  const { t } = useTranslation()
  const { intents } = useUnderstood()
  const [pasted, setPasted] = useState(begin)
  const { laid, table } = useMemo(() => {
    const found = read(pasted)
    return { table: found.table, laid: lay(found.rows, list.name, list.values) }
  }, [pasted, list])
  const { fresh, grown, repeated, renamed, long, many, shared } = laid
  const there = intents.work?.lists.reduce((sum, { values }) => sum + values.length, 0) ?? 0
  const tooMany = Math.max(0, there + fresh.length - MOST_ENTRIES)
  const count = fresh.length + grown.size
  const preview = [...fresh, ...grown.values()].slice(0, SHOWN)
  return (
    <Modal
      open
      width={720}
      title={t('entities.paste_title', { name: list.name })}
      okText={t('entities.take_over', { count })}
      cancelText={t('app.cancel')}
      okButtonProps={{ disabled: count === 0 || tooMany > 0 }}
      onOk={() => {
        add(fresh, grown)
        close()
      }}
      onCancel={close}
    >
      <div className="u-form">
        <p className="soft">{t('entities.paste_help')}</p>
        <Input.TextArea
          autoFocus
          value={pasted}
          autoSize={{ minRows: 6, maxRows: 14 }}
          placeholder={t('entities.paste_example')}
          aria-label={t('understanding.paste')}
          onChange={(event) => setPasted(event.target.value)}
        />
        <ul className="u-verdict" aria-live="polite">
          {table && <li className="soft">{t('entities.as_table')}</li>}
          {fresh.length > 0 && <li className="u-good">{t('entities.fresh', { count: fresh.length })}</li>}
          {grown.size > 0 && <li className="u-good">{t('entities.grown', { count: grown.size })}</li>}
          {repeated > 0 && <li className="soft">{t('entities.repeated', { count: repeated })}</li>}
          {tooMany > 0 && <li className="bad">{t('entities.too_many_entries', { count: tooMany, most: MOST_ENTRIES })}</li>}
          {renamed.slice(0, SHOWN).map(({ line, from, to }) => (
            <li key={`r${line}`} className="u-warn">
              {t('entities.line_renamed', { line, from, to })}
            </li>
          ))}
          {shared.slice(0, SHOWN).map(({ line, text, with: other }) => (
            <li key={`s${line} ${text}`} className="u-warn">
              {t('entities.line_shared', { line, text, other })}
            </li>
          ))}
          {long.slice(0, SHOWN).map((line) => (
            <li key={`l${line}`} className="u-warn">
              {t('entities.line_long', { line, most: LONGEST_PHRASE })}
            </li>
          ))}
          {many.slice(0, SHOWN).map((line) => (
            <li key={`m${line}`} className="u-warn">
              {t('entities.line_many', { line, most: MOST_PHRASES })}
            </li>
          ))}
        </ul>
        {preview.length > 0 && (
          <ul className="e-preview" aria-label={t('entities.preview')}>
            {preview.map(({ value, label = {}, phrases = {} }) => (
              <li key={value}>
                <code className="clip">{value}</code>
                {spoken.map((language) => (
                  <span key={language} lang={language}>
                    <strong>{label[language]}</strong>{' '}
                    <span className="muted">{phrases[language]?.join(' · ')}</span>
                  </span>
                ))}
              </li>
            ))}
            {count > preview.length && <li className="muted">{t('entities.and_more', { count: count - preview.length })}</li>}
          </ul>
        )}
      </div>
    </Modal>
  )
}
