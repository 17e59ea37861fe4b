/** The messages of a call as a sequence diagram; each opens to its text. */
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CallSignalling } from '../../api/types'
import { ladder, seconds, type Column, type Row } from '../ladder'
import { useLegName } from './useLegName'

/** The same in every language. */
const SDP = 'SDP'

function Head({ column }: { column: Column }) {
  const { t } = useTranslation()
  const name = useLegName()
  return (
    <span className="ladder-head" role="columnheader">
      <strong className="clip">{column.leg ? name(column.leg) : t('app.name')}</strong>
      <span className="mono muted clip" title={column.address}>
        {column.address}
      </span>
      <span className="muted">{column.protocol || '\u00a0'}</span>
    </span>
  )
}

function Message({ row, count, open, toggle }: { row: Row; count: number; open: boolean; toggle: () => void }) {
  const { t } = useTranslation()
  const name = useLegName()
  const { message, leg, from, to, tone } = row
  const [left, right] = [Math.min(from, to), Math.max(from, to)]
  const middle = (column: number) => ((column + 0.5) / count) * 100
  const values = { peer: name(leg), line: message.start_line, time: seconds(message.after_us) }
  const id = `message-${row.key.replace('.', '-')}`
  return (
    <li className={open ? 'rung rung-open' : 'rung'}>
      {row.gap !== undefined && (
        <div className="rung-gap num" aria-hidden>
          <span>{t('technical.later', { seconds: (row.gap / 1e6).toFixed(1) })}</span>
        </div>
      )}
      <button
        type="button"
        className={`rung-row tone-${tone}${message.repeated ? ' rung-again' : ''}`}
        aria-expanded={open}
        aria-controls={id}
        aria-label={t(message.sent ? 'technical.sent' : 'technical.received', values)}
        onClick={toggle}
      >
        <span className="rung-time num">{seconds(message.after_us)}</span>
        <span className="rung-lane">
          <span
            className={`arrow ${from < to ? 'arrow-right' : 'arrow-left'}`}
            style={{ left: `${middle(left)}%`, width: `${middle(right) - middle(left)}%` }}
          >
            <span className="arrow-label clip">
              <b>{row.label}</b>
              {row.about !== undefined && <span className="soft"> {row.about}</span>}
              {message.sdp && <span className="rung-tag">{SDP}</span>}
              {message.repeated && <span className="rung-tag rung-tag-again">{t('technical.again')}</span>}
            </span>
          </span>
        </span>
      </button>
      {open && (
        <div className="rung-text" id={id}>
          <p className="muted mono">
            {message.sent ? `${message.local} → ${message.peer}` : `${message.peer} → ${message.local}`} · {message.protocol}
          </p>
          <pre tabIndex={0}>{message.text.replaceAll('\r\n', '\n').trimEnd()}</pre>
        </div>
      )}
    </li>
  )
}

export function LadderView({ seen }: { seen: CallSignalling }) {
  const { t } = useTranslation()
  const name = useLegName()
  const { columns, rows, cut } = useMemo(() => ladder(seen), [seen])
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const toggle = (key: string) =>
    setOpen((before) => {
      const next = new Set(before)
      if (!next.delete(key)) next.add(key)
      return next
    })
  return (
    <section className="ladder-box" aria-label={t('technical.ladder')}>
      <div className="technical-head">
        <h2>{t('technical.ladder')}</h2>
        <span className="muted">{t('technical.ladder_help')}</span>
      </div>
      {/* Focusable, so that it scrolls by key. */}
      <div className="ladder-scroll" tabIndex={0} role="group" aria-label={t('technical.ladder')}>
        <div className="ladder" style={{ minWidth: 62 + columns.length * 128 }}>
          <div className="ladder-heads">
            <span className="muted rung-time">{t('technical.seconds')}</span>
            <div className="ladder-columns" style={{ gridTemplateColumns: `repeat(${columns.length}, minmax(0, 1fr))` }} role="row">
              {columns.map((column) => (
                <Head key={column.key} column={column} />
              ))}
            </div>
          </div>
          <div className="ladder-body">
            <div className="lifelines" style={{ gridTemplateColumns: `repeat(${columns.length}, minmax(0, 1fr))` }} aria-hidden>
              {columns.map((column) => (
                <i key={column.key} className={column.leg ? '' : 'lifeline-own'} />
              ))}
            </div>
            <ol>
              {rows.map((row) => (
                <Message key={row.key} row={row} count={columns.length} open={open.has(row.key)} toggle={() => toggle(row.key)} />
              ))}
            </ol>
          </div>
        </div>
      </div>
      {cut.map((leg) => (
        <p key={leg.number} className="muted technical-note">
          {t('technical.cut', { leg: name(leg) })}
        </p>
      ))}
    </section>
  )
}
