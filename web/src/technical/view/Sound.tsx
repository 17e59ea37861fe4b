/** How one leg sounded: a sentence for each direction, four graphs, and all figures in a table. */
import { useTranslation } from 'react-i18next'
import type { Heard, LegSound, LegView } from '../../api/types'
import { clock } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import { metrics, series, verdict, type Way } from '../sound'
import { Chart } from './Chart'
import { useFinding } from './useFinding'
import { useLegName, useParty } from './useLegName'

const ways = ['incoming', 'outgoing'] as const

function Direction({ leg, sound, way }: { leg: LegView; sound: LegSound; way: Way }) {
  const { t } = useTranslation()
  const party = useParty()
  const finding = useFinding()
  const judged = verdict(sound, way)
  const figures = [
    judged.mos !== undefined && `${t('technical.mos')} ${judged.mos.toFixed(1)}`,
    judged.loss !== undefined && `${t('technical.loss')} ${judged.loss.toFixed(1)} %`,
    judged.jitter !== undefined && `${t('technical.jitter')} ${judged.jitter.toFixed(0)} ms`,
  ].filter((figure) => figure !== false)
  return (
    <li className="verdict">
      <i className={`swatch swatch-${way}`} aria-hidden />
      <span className="verdict-way">{t(`technical.${way}`, { who: party(leg) })}</span>
      <span className={`chip grade-${judged.grade}`}>{t(`technical.grade_${judged.grade}`)}</span>
      <span className="verdict-words">
        {judged.findings.map((found) => (
          <span key={found.kind}>{finding(leg, way, found)} </span>
        ))}
        <span className="muted num verdict-figures">{figures.join(' · ')}</span>
      </span>
    </li>
  )
}

function Figures({ leg, sound }: { leg: LegView; sound: LegSound }) {
  const { t } = useTranslation()
  const party = useParty()
  const language = useLanguage()
  const { totals } = sound
  const shown = (value: number | null | undefined, digits: number) => (value == null ? '–' : value.toFixed(digits))
  const whole = new Intl.NumberFormat(language)
  const cells = (heard: Heard) => [shown(heard.loss_percent, 1), shown(heard.jitter_ms, 1), shown(heard.mos, 2), shown(heard.level_dbov, 0)]
  const counters = (
    [
      'packets_in',
      'packets_out',
      'lost',
      'late',
      'duplicated',
      'concealed',
      'remote_lost',
      'rtcp_in',
      'rtcp_out',
      'strangers',
      'unauthentic',
      'invalid',
      'send_errors',
    ] as const
  ).map((name) => [name, totals[name]] as const)
  return (
    <details className="all-figures">
      <summary>{t('technical.figures')}</summary>
      <dl className="counters">
        {counters.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`technical.count_${name}`)}</dt>
            <dd className="num">{value == null ? '–' : whole.format(value)}</dd>
          </div>
        ))}
        <div>
          <dt>{t('technical.round_trip')}</dt>
          <dd className="num">{totals.round_trip_ms == null ? '–' : `${totals.round_trip_ms} ms`}</dd>
        </div>
      </dl>
      <div className="scroll-x" tabIndex={0} role="group" aria-label={t('technical.figures')}>
        <table className="figures">
          <caption className="sr">{t('technical.figures')}</caption>
          <thead>
            <tr>
              <th rowSpan={2} scope="col">
                {t('technical.time')}
              </th>
              {ways.map((way) => (
                <th key={way} colSpan={4} scope="colgroup">
                  {t(`technical.${way}`, { who: party(leg) })}
                </th>
              ))}
              <th rowSpan={2} scope="col">
                {t('technical.round_trip_ms')}
              </th>
              <th rowSpan={2} scope="col">
                {t('technical.buffer_ms')}
              </th>
            </tr>
            <tr>
              {ways.flatMap((way) =>
                ['technical.loss', 'technical.jitter', 'technical.mos', 'technical.level'].map((name) => (
                  <th key={way + name} scope="col">
                    {t(name)}
                  </th>
                )),
              )}
            </tr>
          </thead>
          <tbody>
            {sound.points.map((point) => (
              <tr key={point.at_ms}>
                <th scope="row">{clock(point.at_ms)}</th>
                {[...cells(point.incoming), ...cells(point.outgoing)].map((cell, index) => (
                  <td key={index}>{cell}</td>
                ))}
                <td>{shown(point.round_trip_ms, 1)}</td>
                <td>{point.buffer_ms}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

export function SoundView({ leg, sound }: { leg: LegView; sound: LegSound }) {
  const { t } = useTranslation()
  const name = useLegName()
  const party = useParty()
  const last = sound.points.at(-1)
  const length = last ? last.at_ms + last.length_ms : 0
  return (
    <section className="leg-sound" aria-label={name(leg)}>
      <div className="technical-head">
        <h2>{t('technical.sound', { leg: name(leg) })}</h2>
        <span className="muted">
          {sound.codec} · {clock(length)}
        </span>
      </div>
      <ul className="verdicts">
        {ways.map((way) => (
          <Direction key={way} leg={leg} sound={sound} way={way} />
        ))}
      </ul>
      {sound.points.length > 0 ? (
        <div className="charts">
          {metrics.map((metric) => (
            <Chart
              key={metric}
              metric={metric}
              length={length}
              lines={ways.map((way) => ({
                way,
                name: t(`technical.${way}`, { who: party(leg) }),
                samples: series(sound.points, way, metric),
              }))}
            />
          ))}
        </div>
      ) : (
        <p className="muted technical-note">{t('technical.too_short')}</p>
      )}
      <Figures leg={leg} sound={sound} />
    </section>
  )
}
