/** Fields of the calendar: days of the week, a time of day, a day of the year. Names of days follow the language of the page. */
import { Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../../lib/hooks'
import { DAYS, dayName, isDay, isTime, type Day } from '../calendar'
import { isStrings, useForm, type FieldProps } from './form'

export function WeekdaysField({ value, set, label }: FieldProps) {
  const language = useLanguage()
  const { readOnly } = useForm()
  const chosen = new Set(isStrings(value) ? value : [])
  const toggle = (day: Day) => {
    const next = DAYS.filter((one) => chosen.has(one) !== (one === day))
    set(next.length === 0 ? undefined : next)
  }
  return (
    <div className="weekdays" role="group" aria-label={label}>
      {DAYS.map((day) => (
        <button key={day} type="button" disabled={readOnly} aria-pressed={chosen.has(day)} title={dayName(day, language, 'long')} onClick={() => toggle(day)}>
          {dayName(day, language, 'short')}
        </button>
      ))}
    </div>
  )
}

/** A time or day that the browser's own control cannot show is shown as it is written. */
function Calendar({ value, set, label, type, fits }: FieldProps & { type: 'time' | 'date'; fits: (text: string) => boolean }) {
  const { readOnly } = useForm()
  const text = typeof value === 'string' ? value : ''
  return (
    <Input
      className="field-time num"
      type={text === '' || fits(text) ? type : 'text'}
      aria-label={label}
      readOnly={readOnly}
      value={text}
      onChange={(event) => set(event.target.value === '' ? undefined : event.target.value)}
    />
  )
}

export const TimeField = (props: FieldProps) => <Calendar {...props} type="time" fits={isTime} />

export function DateField(props: FieldProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { value } = props
  const weekday = typeof value === 'string' && isDay(value) ? new Date(`${value}T00:00`).toLocaleDateString(language, { weekday: 'short' }) : undefined
  return (
    <span className="row">
      <Calendar {...props} type="date" fits={isDay} />
      {weekday && <span className="muted" title={t('editor.weekday')}>{weekday}</span>}
    </span>
  )
}
