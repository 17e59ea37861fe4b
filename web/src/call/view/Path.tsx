/** The blocks a call went through, in order, with the edge by which each was left. */
import { Waypoints } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { BlockIcon } from '../../flow/BlockIcon'
import { clock, words } from '../../lib/format'
import type { Step } from '../path'

interface Props {
  steps: readonly Step[]
  flow: string
  call: string
  play: ((ms: number) => void) | undefined
}

export function Path({ steps, flow, call, play }: Props) {
  const { t } = useTranslation()
  if (steps.length === 0) return <p className="muted pad">{t('path.none')}</p>
  return (
    <div className="path">
      <Link className="path-open" to={`/flows/${encodeURIComponent(flow)}?call=${call}`}>
        <Waypoints size={14} aria-hidden />
        {t('path.on_graph')}
      </Link>
      <ol>
        {steps.map((step) => (
          <li key={step.seq}>
            <BlockIcon kind={step.kind} />
            <div className="spread">
              <strong>{words(step.block)}</strong>
              <span className="muted">{t(`block.${step.kind}`, { defaultValue: words(step.kind) })}</span>
            </div>
            {step.edge && <span className="tag mono">{step.edge}</span>}
            <button
              type="button"
              className="link num"
              disabled={!play || step.from === undefined}
              onClick={() => step.from !== undefined && play?.(step.from)}
              aria-label={t('transcript.play_from', { time: clock(step.from ?? 0) })}
            >
              {step.from === undefined ? '' : clock(step.from)}
            </button>
          </li>
        ))}
      </ol>
    </div>
  )
}
