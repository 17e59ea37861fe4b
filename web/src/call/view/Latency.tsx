/** Where the time went, turn by turn: from the caller's last voiced frame to the first voiced packet of the reply. */
import { useTranslation } from 'react-i18next'
import { ms } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import { stages, type latencyOf } from '../latency'

interface Props {
  latency: ReturnType<typeof latencyOf>
  play: ((ms: number) => void) | undefined
}

export function LatencyTable({ latency, play }: Props) {
  const { t } = useTranslation()
  const language = useLanguage()
  const number = new Intl.NumberFormat(language)
  const { turns, p50, p95, slowest } = latency
  if (turns.length === 0 || p50 === undefined || p95 === undefined) {
    return <p className="muted pad">{t('latency.none')}</p>
  }
  return (
    <div className="latency">
      <div className="latency-figures">
        {[
          ['latency.p50', p50],
          ['latency.p95', p95],
          ['latency.turns', turns.length],
        ].map(([name, figure]) => (
          <div key={name}>
            <span className="muted">{t(String(name))}</span>
            <strong className="num">{name === 'latency.turns' ? figure : ms(Number(figure), language)}</strong>
          </div>
        ))}
      </div>
      <ul className="legend">
        {stages.map((stage, index) => (
          <li key={stage} title={t(`latency.${stage}_help`)}>
            <i className={`stage-${index + 1}`} aria-hidden />
            {t(`latency.${stage}`)}
          </li>
        ))}
      </ul>
      <ol className="bars">
        {turns.map(({ seq, at, wire, parts }, index) => (
          <li key={seq}>
            <button
              type="button"
              className="num bar-turn"
              disabled={!play || at === undefined}
              onClick={() => at !== undefined && play?.(Math.max(0, at - wire - 400))}
              title={t('latency.listen')}
            >
              {t('latency.turn', { turn: index + 1 })}
            </button>
            <span className="bar" aria-hidden>
              {stages.map((stage, index) => (
                <i
                  key={stage}
                  className={`stage-${index + 1}`}
                  title={`${t(`latency.${stage}`)}: ${ms(parts[stage], language)}`}
                  style={{ width: `${(parts[stage] / Math.max(1, slowest)) * 100}%` }}
                />
              ))}
            </span>
            <span className="num right strong">{ms(wire, language)}</span>
          </li>
        ))}
      </ol>
      <div className="scroll-x">
        <table className="figures">
          <caption className="sr">{t('latency.title')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('latency.turn_head')}</th>
              {stages.map((stage) => (
                <th scope="col" key={stage} title={t(`latency.${stage}_help`)}>
                  {t(`latency.${stage}`)}
                </th>
              ))}
              <th scope="col" title={t('latency.wire_help')}>
                {t('latency.wire')}
              </th>
            </tr>
          </thead>
          <tbody>
            {turns.map(({ seq, wire, parts }, index) => (
              <tr key={seq}>
                <th scope="row">{index + 1}</th>
                {stages.map((stage) => (
                  <td key={stage}>{number.format(parts[stage])}</td>
                ))}
                <td className="strong">{number.format(wire)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted latency-note">{t('latency.note')}</p>
    </div>
  )
}
