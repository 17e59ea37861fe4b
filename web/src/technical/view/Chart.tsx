/** One measure of a leg over the call, both directions in one small graph. */
import { useTranslation } from 'react-i18next'
import { clock } from '../../lib/format'
import { scale, times, type Metric, type Sample, type Way } from '../sound'

const WIDTH = 300
const HEIGHT = 118
const LEFT = 30
const RIGHT = 8
const TOP = 8
const BOTTOM = 20

export interface Line {
  way: Way
  name: string
  samples: Sample[]
}

interface Props {
  metric: Metric
  lines: Line[]
  length: number
}

/** The pieces of a line between what is unknown. */
function pieces(samples: readonly Sample[]): Sample[][] {
  const all: Sample[][] = [[]]
  for (const sample of samples) {
    if (sample.value === undefined) all.push([])
    else all.at(-1)?.push(sample)
  }
  return all.filter((piece) => piece.length > 0)
}

export function Chart({ metric, lines, length }: Props) {
  const { t } = useTranslation()
  const values = lines.flatMap(({ samples }) => samples.flatMap(({ value }) => value ?? []))
  const { min, max, ticks } = scale(metric, values)
  const x = (at: number) => LEFT + (at / Math.max(1, length)) * (WIDTH - LEFT - RIGHT)
  const y = (value: number) => TOP + (1 - (Math.min(max, Math.max(min, value)) - min) / (max - min)) * (HEIGHT - TOP - BOTTOM)
  const unit = metric === 'mos' ? '' : ` ${t(`technical.${metric}_unit`)}`
  const shown = (value: number) => value.toFixed(metric === 'level' ? 0 : metric === 'mos' ? 2 : 1) + unit
  const marks = times(length)
  return (
    <figure className="chart">
      <figcaption title={t(`technical.${metric}_help`)}>
        <b>{t(`technical.${metric}`)}</b> <span className="muted">{t(`technical.${metric}_unit`)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t('technical.chart', { what: t(`technical.${metric}`) })}>
        {metric === 'mos' && <rect className="chart-good" x={LEFT} width={WIDTH - LEFT - RIGHT} y={y(max)} height={y(4) - y(max)} />}
        {ticks.map((tick) => (
          <g key={tick}>
            <line className="chart-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text className="chart-tick" x={LEFT - 5} y={y(tick) + 3.5} textAnchor="end">
              {tick}
            </text>
          </g>
        ))}
        {marks.map((at, index) => (
          <text
            key={at}
            className="chart-tick"
            x={x(at)}
            y={HEIGHT - 5}
            textAnchor={index === 0 ? 'start' : x(at) > WIDTH - 24 ? 'end' : 'middle'}
          >
            {clock(at)}
          </text>
        ))}
        {values.length === 0 && (
          <text className="chart-none" x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT / 2 - 4} textAnchor="middle">
            {t('technical.not_measured')}
          </text>
        )}
        {lines.map(({ way, name, samples }) => (
          <g key={way} className={`chart-${way}`}>
            {pieces(samples).map((piece) => {
              const path = piece.map(({ from, to, value }) => `${x((from + to) / 2).toFixed(1)},${y(value ?? 0).toFixed(1)}`)
              return <polyline key={piece[0]?.from} points={path.join(' ')} />
            })}
            {samples.map(({ from, to, value }) =>
              value === undefined ? null : (
                <circle key={from} cx={x((from + to) / 2)} cy={y(value)} r={samples.length > 60 ? 1.2 : 2.4}>
                  <title>{`${clock(from)}–${clock(to)} ${name}: ${shown(value)}`}</title>
                </circle>
              ),
            )}
          </g>
        ))}
      </svg>
    </figure>
  )
}
