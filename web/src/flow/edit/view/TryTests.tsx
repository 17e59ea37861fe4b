/** The tests of a flow: the call on the desk kept as one, all of them run, and taken away again. */
import { Button, Input } from 'antd'
import { CircleCheck, CircleX, ListChecks, Play, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useReason } from '../../../components/Bits'
import { runTests, type Tested } from '../api'
import { useEdit, useEdited } from '../context'
import { written } from '../written'
import { kept, type Played } from '../trial/call'
import { addTest, removeTest, testsOf } from '../trial/tests'

export function Keep({ played }: { played: Played }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const draft = useEdited((now) => now.draft())
  const [name, setName] = useState<string>()
  const wanted = name?.trim() ?? ''
  const test = kept(played, wanted)
  if (name === undefined) {
    const isReady = test !== undefined && played.test.steps.length > 0 && played.failures.length === 0
    return (
      <Button size="small" icon={<ListChecks size={14} />} disabled={!isReady} onClick={() => setName('')}>
        {t('trial.keep')}
      </Button>
    )
  }
  const isTaken = testsOf(draft).some((other) => other.name === wanted)
  return (
    <form
      className="try-keep"
      onSubmit={(event) => {
        event.preventDefault()
        if (!test || wanted === '') return
        edit.change((now) => addTest(now, test))
        setName(undefined)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        setName(undefined)
      }}
    >
      <Input autoFocus size="small" value={name} maxLength={100} aria-label={t('trial.keep_name')} placeholder={t('trial.keep_name')} onChange={(event) => setName(event.target.value)} />
      <Button size="small" type="primary" htmlType="submit" disabled={!test || wanted === ''}>
        {t('trial.keep_go')}
      </Button>
      <Button size="small" onClick={() => setName(undefined)}>
        {t('trial.cancel')}
      </Button>
      <span className="muted">{t(isTaken ? 'trial.keep_taken' : 'trial.keep_help')}</span>
    </form>
  )
}

export function Tests() {
  const { t } = useTranslation()
  const reason = useReason()
  const edit = useEdit()
  const draft = useEdited((now) => now.draft())
  const [ran, setRan] = useState<{ blocks: unknown; tests: unknown; results: readonly Tested[] }>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const tests = testsOf(draft)
  const run = async () => {
    setBusy(true)
    setError(undefined)
    try {
      setRan({ blocks: draft.blocks, tests: draft.metadata.tests, results: await runTests(written(draft)) })
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  // What came of them is true of the flow that they ran through only.
  const results = ran?.blocks === draft.blocks && ran.tests === draft.metadata.tests ? ran.results : []
  return (
    <section className="try-tests" aria-label={t('trial.tests')}>
      <header className="row">
        <h3 className="spread">
          {t('trial.tests')} <span className="num muted">{tests.length > 0 && tests.length}</span>
        </h3>
        {tests.length > 0 && (
          <Button size="small" icon={<Play size={13} />} loading={busy} onClick={() => void run()}>
            {t('trial.run_all')}
          </Button>
        )}
      </header>
      {error !== undefined && (
        <p className="bad" role="alert">
          {reason(error)}
        </p>
      )}
      {tests.length === 0 && <p className="muted">{t('trial.tests_none')}</p>}
      <ul aria-live="polite">
        {tests.map(({ name }) => {
          const result = results.find((one) => one.name === name)
          const isPassed = result?.failures.length === 0
          return (
            <li key={name} data-test={name} data-passed={result && isPassed}>
              <div className="row">
                {result && (isPassed ? <CircleCheck size={14} className="try-passed" aria-label={t('trial.passed')} /> : <CircleX size={14} className="bad" aria-label={t('trial.failed')} />)}
                <span className="spread clip" title={name}>
                  {name}
                </span>
                <Button type="text" size="small" icon={<Trash2 size={13} />} aria-label={t('trial.remove_test', { name })} onClick={() => edit.change((now) => removeTest(now, name))} />
              </div>
              {result?.failures.map(({ step, message }, index) => (
                <p key={index} className="bad">
                  {t('trial.step', { step, message })}
                </p>
              ))}
            </li>
          )
        })}
      </ul>
    </section>
  )
}
