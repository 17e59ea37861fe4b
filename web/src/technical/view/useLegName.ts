import { useTranslation } from 'react-i18next'
import type { LegView } from '../../api/types'

/** Whose a leg is, with the number or name: for headings. */
export function useLegName(): (leg: LegView) => string {
  const { t } = useTranslation()
  return (leg) => t(`technical.leg_${leg.role}`, { name: leg.name || t('call.withheld') })
}

/** Whose a leg is, within a sentence. */
export function useParty(): (leg: LegView) => string {
  const { t } = useTranslation()
  return (leg) => t(`technical.party_${leg.role}`, { name: leg.name })
}
