/** What the last check found: what to mend, how often examples came out right, and which intents are taken for each other. */
import { useQuery } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { ArrowLeftRight, ArrowRight, CircleAlert, Info, ListChecks } from 'lucide-react'
import { Fragment, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { intentsCheck, queries } from '../../api/queries'
import type { Finding, Outlier } from '../../api/types'
import { Empty, useReason } from '../../components/Bits'
import { listed, percent } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import { intentPath, useUnderstood } from '../context'
import { keyOf } from '../lines'
import { interval, pairs, shareOf, shareValues } from '../share'

function IntentLink({ name }: { name: string }) {
  const { nameOf } = useUnderstood()
  return <Link to={intentPath(name)}>{nameOf(name)}</Link>
}

const known = ['contradiction', 'no_example', 'few_examples'] as const

function Found({ finding }: { finding: Finding }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { intents, nameOf } = useUnderstood()
  const { code, serious, example, message } = finding
  const n = intents.work?.intents.find(({ name }) => name === finding.intents[0])?.examples.length ?? 0
  const Icon = serious ? CircleAlert : Info
  return (
    <li className={serious ? 'u-finding u-finding-serious' : 'u-finding'}>
      <Icon size={15} role="img" aria-label={t(serious ? 'understanding.serious' : 'understanding.to_know')} />
      <div className="spread">
        <p>
          {known.some((one) => one === code)
            ? t(`understanding.finding_${code}`, { count: n, example: example ?? '', intents: listed(finding.intents.map(nameOf), language) })
            : message}
        </p>
        <p className="u-finding-links">
          {finding.intents.map((name) => (
            <IntentLink key={name} name={name} />
          ))}
        </p>
      </div>
    </li>
  )
}

/** An example that looks like another intent's: to read, to move or to delete. */
function Odd({ outlier }: { outlier: Outlier }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { message } = App.useApp()
  const { intents, admin, nameOf } = useUnderstood()
  const { text, intent, looks_like, confidence } = outlier
  const from = intents.work?.intents.find(({ name }) => name === intent)
  const to = intents.work?.intents.find(({ name }) => name === looks_like)
  const line = from?.examples.find((one) => keyOf(one.text) === keyOf(text))
  if (!from || !line) return null
  const without = () => {
    const { name, label, examples } = from
    intents.setIntent(name, { name, label, examples: examples.filter((one) => one !== line) })
  }
  const move = () => {
    if (!to) return
    const { name, label, examples } = to
    without()
    intents.setIntent(name, { name, label, examples: [line, ...examples] })
    void message.success(t('understanding.added', { intent: nameOf(name) }))
  }
  return (
    <li className="u-odd">
      <p className="u-odd-text">{text}</p>
      <p className="u-odd-way">
        <IntentLink name={intent} />
        <ArrowRight size={13} role="img" aria-label={t('understanding.looks_like')} />
        <IntentLink name={looks_like} />
        <span className="num muted">{percent(confidence, language)}</span>
      </p>
      {admin && (
        <span className="row">
          <Button size="small" disabled={!to} onClick={move} title={t('understanding.move_to', { intent: nameOf(looks_like) })}>
            {t('understanding.move')}
          </Button>
          <Button size="small" type="text" danger onClick={without}>
            {t('understanding.remove')}
          </Button>
        </span>
      )}
    </li>
  )
}

function Part({ title, help, children }: { title: string; help?: string; children: ReactNode }) {
  return (
    <section className="u-part">
      <h3>{title}</h3>
      {help && <p className="muted">{help}</p>}
      {children}
    </section>
  )
}

export function Checked() {
  const { t } = useTranslation()
  const language = useLanguage()
  const { message } = App.useApp()
  const reason = useReason()
  const { intents, nameOf } = useUnderstood()
  const [busy, setBusy] = useState(false)
  const { data } = useQuery({ ...intentsCheck, enabled: false })
  const check = async () => {
    setBusy(true)
    try {
      // An agent has nothing to save, and an admin's check looks at what they see.
      if (await intents.save()) await queries.fetchQuery({ ...intentsCheck, staleTime: 0 })
    } catch (error) {
      void message.error(reason(error), 8)
    } finally {
      setBusy(false)
    }
  }
  const button = (
    <Button size="small" loading={busy} onClick={() => void check()}>
      {t(data ? 'understanding.check_again' : 'understanding.check')}
    </Button>
  )
  if (!data) {
    return (
      <Empty icon={<ListChecks size={20} />} title={t('understanding.not_checked')}>
        <p>{t('understanding.check_help')}</p>
        <p className="u-empty-act">{button}</p>
      </Empty>
    )
  }
  const { findings, accuracy, by_intent, confusions, outliers } = data.found
  const old = intents.edits !== null || data.revision !== intents.draft?.revision
  const worst = Object.entries(by_intent).sort(([, a], [, b]) => shareOf(a) - shareOf(b) || b.n - a.n)
  return (
    <div className="u-checked">
      <header className="u-head">
        <div className="u-head-row">
          <h2>{t('understanding.view_check')}</h2>
          <span className="spread" />
          {button}
        </div>
        {old && <p className="u-note">{t('understanding.check_old')}</p>}
      </header>
      {accuracy ? (
        <p className="u-accuracy">
          <strong className="num">{percent(shareOf(accuracy), language)}</strong>
          <span>{t('understanding.unseen', shareValues(accuracy, language))}</span>
        </p>
      ) : (
        <p className="muted u-none">{t('understanding.no_accuracy')}</p>
      )}
      <Part title={t('understanding.findings')}>
        {findings.length === 0 && <p className="u-good">{t('understanding.no_findings')}</p>}
        <ul>
          {findings.map((finding) => (
            <Found key={`${finding.code} ${finding.intents.join(' ')} ${finding.example ?? ''}`} finding={finding} />
          ))}
        </ul>
      </Part>
      {confusions.length > 0 && (
        <Part title={t('understanding.confusable')} help={t('understanding.confusable_help')}>
          <ul className="u-pairs">
            {pairs(confusions).map(({ intents: [one, other], n: [there, back] }) => (
              <li key={`${one} ${other}`}>
                <IntentLink name={one} />
                <ArrowLeftRight size={13} aria-hidden className="muted" />
                <IntentLink name={other} />
                <span className="num muted" title={t('understanding.pair_help', { one: nameOf(one), other: nameOf(other), there, back })}>
                  {t('understanding.examples', { count: there + back })}
                </span>
              </li>
            ))}
          </ul>
        </Part>
      )}
      {outliers.length > 0 && (
        <Part title={t('understanding.outliers')} help={t('understanding.outliers_help')}>
          <ul>
            {outliers.map((outlier) => (
              <Odd key={`${outlier.intent} ${outlier.text}`} outlier={outlier} />
            ))}
          </ul>
        </Part>
      )}
      {worst.length > 0 && (
        <Part title={t('understanding.by_intent')} help={t('understanding.by_intent_help')}>
          <dl className="u-by-intent">
            {worst.map(([name, share]) => (
              <Fragment key={name}>
                <dt className="clip">
                  <IntentLink name={name} />
                </dt>
                <dd className="num">{`${share.right}/${share.n}`}</dd>
                <dd className="num">{percent(shareOf(share), language)}</dd>
                <dd className="num muted">{interval(share, language)}</dd>
              </Fragment>
            ))}
          </dl>
        </Part>
      )}
    </div>
  )
}
