/** Every entry of the journal, in words; opened, with every field. */
import { Input } from 'antd'
import { ChevronRight, Search } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Entry } from '../../api/types'
import { sentence } from '../../components/Happened'
import { dateTime, offset } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'

function value(field: unknown): string {
  if (field === null || field === undefined) return '—'
  if (typeof field === 'string') return field === '' ? '—' : field
  if (typeof field === 'number' || typeof field === 'boolean') return String(field)
  if (Array.isArray(field)) return field.length === 0 ? '—' : field.map(value).join('\n')
  return Object.entries(field)
    .map(([name, inner]) => `${name} ${value(inner)}`)
    .join(' · ')
}

function Row({ entry, text, play }: { entry: Entry; text: string; play: ((ms: number) => void) | undefined }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { kind, seq, at, audio_ms, ...fields } = entry
  return (
    <li>
      <details className={`entry entry-${kind}`}>
        <summary>
          <ChevronRight size={13} aria-hidden />
          <span className="num muted entry-seq">{seq}</span>
          <span className="num soft entry-time">{audio_ms == null ? '—' : offset(audio_ms)}</span>
          <span className="entry-kind">{t(`kind.${kind}`, { defaultValue: kind })}</span>
          <span className="entry-text">{text}</span>
        </summary>
        <dl>
          <div>
            <dt>{t('journal.at')}</dt>
            <dd className="num">{dateTime(at, language)}</dd>
          </div>
          {audio_ms != null && play && (
            <div>
              <dt>{t('journal.audio')}</dt>
              <dd>
                <button type="button" className="link num" onClick={() => play(audio_ms)}>
                  {t('transcript.play_from', { time: offset(audio_ms) })}
                </button>
              </dd>
            </div>
          )}
          <div>
            <dt className="mono">{'kind'}</dt>
            <dd className="mono">{kind}</dd>
          </div>
          {Object.entries(fields).map(([name, field]) => (
            <div key={name}>
              <dt className="mono">{name}</dt>
              <dd className="mono">{value(field)}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  )
}

export function Journal({ entries, play }: { entries: readonly Entry[]; play: ((ms: number) => void) | undefined }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const [wanted, setWanted] = useState('')
  const rows = useMemo(
    () => entries.map((entry) => ({ entry, text: sentence(entry, t, language) })),
    [entries, t, language],
  )
  const needle = wanted.trim().toLowerCase()
  const shown = needle === '' ? rows : rows.filter(({ entry, text }) => `${entry.kind} ${text}`.toLowerCase().includes(needle))
  return (
    <div className="journal">
      <Input
        allowClear
        size="small"
        variant="filled"
        prefix={<Search size={13} />}
        placeholder={t('journal.search')}
        aria-label={t('journal.search')}
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
      />
      <ol>
        {shown.map(({ entry, text }) => (
          <Row key={entry.seq} entry={entry} text={text} play={play} />
        ))}
      </ol>
      {shown.length === 0 && <p className="muted journal-none">{t('journal.none')}</p>}
    </div>
  )
}
