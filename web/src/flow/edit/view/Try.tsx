/** Calls the draft without a telephone: one talks, presses keys and answers for others, and sees on the graph where the call is. */
import { Button, Select } from 'antd'
import { RotateCcw, StepBack, X } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../../components/Bits'
import { useEdit, useEdited } from '../context'
import { isCalling, languageOf, localTime, timeOf, turns } from '../trial/call'
import '../trial/texts'
import { trial } from '../trial/trial'
import { languageNames } from '../words'
import './try.css'
import { Dock } from './TryDock'
import { Keep, Tests } from './TryTests'
import { Turns } from './TryTurns'

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

export default function Try({ close }: { close: () => void }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const draft = useEdited((now) => now.draft())
  const [call] = useState(() => trial(edit))
  const { played, busy, error, blocks } = useSyncExternalStore(call.subscribe, call.state)
  const [language, setLanguage] = useState(() => edit.draft().languages[0])
  // A test must come out the same at any hour, so its call has a time of its own.
  const [time, setTime] = useState(() => localTime(new Date()))
  const log = useRef<HTMLDivElement>(null)
  const all = useMemo(() => turns(played?.steps ?? []), [played])

  const setup = { ...(language === undefined ? {} : { language }), time: timeOf(time, ZONE) }
  const first = useRef(setup)
  useEffect(() => {
    void call.begin(first.current)
    return call.leave
  }, [call])
  useEffect(() => {
    void log.current?.scrollTo({ top: log.current.scrollHeight })
  }, [all])

  const acts = played?.test.steps ?? []
  return (
    <aside className="try" aria-label={t('editor.try')} aria-busy={busy}>
      <header>
        <div className="row">
          <h2 className="spread">{t('editor.try')}</h2>
          <Button type="text" size="small" icon={<StepBack size={15} />} disabled={acts.length === 0} aria-label={t('trial.back')} title={t('trial.back')} onClick={() => void call.back()} />
          <Button type="text" size="small" icon={<RotateCcw size={15} />} aria-label={t('trial.again')} title={t('trial.again')} onClick={() => void call.begin(setup)} />
          <Button type="text" size="small" icon={<X size={15} />} aria-label={t('trial.close')} title={`${t('trial.close')} (t)`} onClick={close} />
        </div>
        <div className="row">
          <Select
            size="small"
            value={language}
            aria-label={t('trial.language')}
            options={draft.languages.map((value) => ({ value, label: languageNames[value] ?? value }))}
            onChange={(value) => {
              setLanguage(value)
              void call.begin({ ...setup, language: value })
            }}
          />
          <input
            type="datetime-local"
            className="try-time"
            value={time}
            aria-label={t('trial.time')}
            title={t('trial.time')}
            onChange={({ target: { value } }) => {
              if (value === '') return
              setTime(value)
              void call.begin({ ...setup, time: timeOf(value, ZONE) })
            }}
          />
        </div>
        <p className="muted">{t('trial.help')}</p>
      </header>
      <div ref={log} className="try-turns" role="log" tabIndex={0} aria-label={t('trial.conversation')}>
        <ol>
          <Turns turns={all} />
        </ol>
      </div>
      {error !== undefined && <ErrorNote error={error} again={() => void call.again()} />}
      {played?.failures.map(({ step, message }, index) => (
        <p key={index} className="bad try-missed" role="alert">
          {t('trial.step', { step, message })}
        </p>
      ))}
      {played && blocks !== draft.blocks && (
        <p className="try-missed" role="status">
          {t('trial.changed')}{' '}
          <Button size="small" disabled={busy} onClick={() => void call.again()}>
            {t('trial.replay')}
          </Button>
        </p>
      )}
      {played && <Dock waiting={played.waiting} last={acts.at(-1)} isCalled={isCalling(played.steps)} language={languageOf(played.steps) ?? language ?? ''} act={call.act} />}
      <footer>
        {played && <Keep played={played} />}
        <Tests />
      </footer>
    </aside>
  )
}
