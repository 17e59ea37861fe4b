/** Who is at the other end of a leg, and from which queue: what the phone was told, and what the call's journal knows besides. */
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { call as callQuery } from '../../api/queries'
import { callerName } from '../../call/project'
import type { Leg } from '../machine'

export function useParty(leg: Pick<Leg, 'party' | 'call' | 'queue'>): { who: string; queue: string | undefined } {
  const { t } = useTranslation()
  const { data } = useQuery({ ...callQuery(leg.call ?? ''), enabled: leg.call !== undefined })
  const queued = data?.entries.findLast((entry) => entry.kind === 'queued')
  const name = leg.party !== '' ? leg.party : data ? callerName({ from: '', channel: data.channel }, t) : t('phone.withheld')
  return { who: name, queue: leg.queue ?? queued?.queue }
}
