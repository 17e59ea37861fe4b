import { useTranslation } from 'react-i18next'
import type { LegView } from '../../api/types'
import { capitalised, clock } from '../../lib/format'
import type { Finding, Way } from '../sound'
import { useParty } from './useLegName'

/** A finding about a direction, in words. */
export function useFinding(): (leg: LegView, way: Way, finding: Finding) => string {
  const { t } = useTranslation()
  const party = useParty()
  const words = (leg: LegView, way: Way, finding: Finding): string => {
    const who = party(leg)
    switch (finding.kind) {
      case 'lost':
      case 'jitter':
      case 'poor': {
        const figure =
          finding.kind === 'lost' ? finding.percent.toFixed(1) : finding.kind === 'jitter' ? finding.ms.toFixed(0) : finding.mos.toFixed(1)
        const stretch = { from: clock(finding.from), to: clock(finding.to) }
        return t(`technical.finding_${finding.kind}_${way}`, { who, figure, ...stretch })
      }
      default:
        return t(`technical.finding_${finding.kind}`, { who })
    }
  }
  return (leg, way, finding) => capitalised(words(leg, way, finding))
}
