/** Lines with their right answers: a version is measured with them before it may answer. Nothing here is learned from. */
import { useQuery } from '@tanstack/react-query'
import { Button, Input, Select } from 'antd'
import { Plus, TriangleAlert, X } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { intentVersions } from '../../api/queries'
import type { TrainingTest } from '../../api/types'
import { useLanguage } from '../../lib/hooks'
import { useUnderstood } from '../context'
import { keyOf, LONGEST_LINE, reworded } from '../lines'
import { shareValues } from '../share'

const SHOWN = 100

export function Tests() {
  const { t } = useTranslation()
  const language = useLanguage()
  const { intents, admin, nameOf } = useUnderstood()
  const versions = useQuery(intentVersions)
  const [text, setText] = useState('')
  const [answer, setAnswer] = useState<string>()
  const [most, setMost] = useState(SHOWN)
  const tests = intents.work?.tests ?? []
  const judged = versions.data?.find(({ state }) => state === 'live')?.report.tests
  const wrong = useMemo(() => new Map(judged?.wrong.map((line) => [line.text, line])), [judged])
  const names = useMemo(() => {
    const known = intents.work?.intents.map(({ name }) => ({ value: name, label: nameOf(name) })) ?? []
    return [{ value: '', label: t('understanding.no_intent') }, ...known]
  }, [intents.work, nameOf, t])
  const set = (index: number, test: TrainingTest | null) =>
    intents.setTests(test ? tests.map((other, at) => (at === index ? test : other)) : tests.filter((_, at) => at !== index))
  const repeated = text.trim() !== '' && tests.some((test) => keyOf(test.text) === keyOf(text))
  const possible = text.trim() !== '' && answer !== undefined && !repeated
  const add = () => {
    if (!possible) return
    intents.setTests([{ text: text.trim(), intent: answer === '' ? null : answer }, ...tests])
    setText('')
  }
  return (
    <>
      <header className="u-head">
        <h2>{t('understanding.view_tests')}</h2>
        <p className="muted">{t('understanding.tests_help')}</p>
        {judged && <p className="soft">{t('understanding.tests_live', shareValues(judged.all, language))}</p>}
      </header>
      <div className="u-lines">
        {admin && (
          <div className="u-add">
            <Input
              value={text}
              maxLength={LONGEST_LINE}
              status={repeated ? 'warning' : undefined}
              placeholder={t('understanding.test_text')}
              aria-label={t('understanding.test_text')}
              onChange={(event) => setText(event.target.value)}
              onPressEnter={(event) => !event.nativeEvent.isComposing && add()}
            />
            <Select
              className="u-test-answer"
              showSearch={{ optionFilterProp: 'label' }}
              value={answer}
              placeholder={t('understanding.test_answer')}
              aria-label={t('understanding.test_answer')}
              options={names}
              popupMatchSelectWidth={false}
              onChange={setAnswer}
            />
            <Button icon={<Plus size={15} />} disabled={!possible} onClick={add}>
              {t('understanding.add')}
            </Button>
          </div>
        )}
        {repeated && <p className="u-warn u-verdict">{t('understanding.repeated', { count: 1 })}</p>}
        {tests.length === 0 && <p className="muted u-none">{t('understanding.no_tests')}</p>}
        <ul>
          {tests.slice(0, most).map((test, index) => {
            const failed = wrong.get(test.text)
            return (
              <li key={index} className={failed ? 'u-line u-test u-line-wrong' : 'u-line u-test'}>
                <input
                  value={test.text}
                  readOnly={!admin}
                  maxLength={LONGEST_LINE}
                  aria-label={t('understanding.test_text')}
                  onChange={(event) => set(index, { ...reworded(test, event.target.value), intent: test.intent ?? null })}
                  onBlur={() => test.text.trim() === '' && set(index, null)}
                />
                <Select
                  size="small"
                  variant="filled"
                  className="u-test-answer"
                  disabled={!admin}
                  showSearch={{ optionFilterProp: 'label' }}
                  value={test.intent ?? ''}
                  aria-label={`${t('understanding.test_answer')}: ${test.text}`}
                  options={names}
                  popupMatchSelectWidth={false}
                  onChange={(intent) => set(index, { ...test, intent: intent === '' ? null : intent })}
                />
                {failed && (
                  <span className="u-line-why">
                    <TriangleAlert size={13} aria-hidden />
                    {t(failed.got ? 'understanding.test_got' : 'understanding.test_rejected', { intent: nameOf(failed.got ?? null) })}
                  </span>
                )}
                {admin && (
                  <Button type="text" size="small" icon={<X size={14} />} aria-label={`${t('understanding.remove_line')}: ${test.text}`} onClick={() => set(index, null)} />
                )}
              </li>
            )
          })}
        </ul>
        {tests.length > most && (
          <Button type="text" onClick={() => setMost(Infinity)}>
            {t('understanding.show_all', { count: tests.length })}
          </Button>
        )}
      </div>
    </>
  )
}
