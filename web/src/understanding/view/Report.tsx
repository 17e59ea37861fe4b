/** What an import did not take, or not as it stood: by how much it matters and by kind, long lists folded. */
import { Button } from 'antd'
import { CircleAlert, Info, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ImportFinding } from '../../api/types'
import { words } from '../../lib/format'
import { grouped, sum, type Alike, type Severity } from '../exchange'

/** More are drawn when asked for. */
const SHOWN = 10

const icons = { error: CircleAlert, warning: TriangleAlert, note: Info } as const

function Kind({ alike, open }: { alike: Alike; open: boolean }) {
  const { t } = useTranslation()
  const [most, setMost] = useState(SHOWN)
  const { kind, findings, more } = alike
  return (
    <details open={open}>
      <summary>
        <span>{t(`understanding.import_kind_${kind}`, { defaultValue: words(kind) })}</span>
        <span className="num muted">{sum([alike])}</span>
      </summary>
      <ul>
        {findings.slice(0, most).map(({ item, message, advice, place }, index) => (
          // The service's own words, which are English.
          <li key={index} lang="en">
            <p>
              <strong>{item}</strong>
              {`: ${message}`}
            </p>
            {advice !== '' && <p className="soft">{advice}</p>}
            <p className="muted mono">{place}</p>
          </li>
        ))}
      </ul>
      {findings.length > most && (
        <Button type="link" size="small" onClick={() => setMost(Infinity)}>
          {t('understanding.show_all', { count: findings.length })}
        </Button>
      )}
      {more > 0 && <p className="muted">{t('understanding.import_counted', { count: more })}</p>}
    </details>
  )
}

/** What was left out is open at once; the rest where it is short. */
const isOpen = (severity: Severity, alike: Alike): boolean => severity === 'error' || (severity === 'warning' && sum([alike]) <= 3)

export function Report({ findings }: { findings: readonly ImportFinding[] }) {
  const { t } = useTranslation()
  const graves = grouped(findings)
  if (graves.length === 0) return <p className="u-good">{t('understanding.import_all_mapped')}</p>
  return graves.map(({ severity, count, kinds }) => {
    const Icon = icons[severity]
    return (
      <section key={severity} className={`u-report u-report-${severity}`}>
        <h3>
          <Icon size={15} aria-hidden />
          {t(`understanding.import_${severity}`)}
          <span className="num muted">{count}</span>
        </h3>
        {kinds.map((alike) => (
          <Kind key={alike.kind} alike={alike} open={isOpen(severity, alike)} />
        ))}
      </section>
    )
  })
}
