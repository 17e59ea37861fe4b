/** Whether calls ring here, and why not. */
import { App, Dropdown, type MenuProps } from 'antd'
import { ChevronDown } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useReason } from '../../components/Bits'
import { clock, words } from '../../lib/format'
import { useNow } from '../../lib/hooks'
import { setPresence, startPresence, stopPresence, usePresence } from '../presence'

export function PresenceControl() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const because = useReason()
  const now = useNow(1_000)
  const { presence, reasons } = usePresence()
  useEffect(() => {
    void startPresence()
    return stopPresence
  }, [])
  if (!presence) return null

  const named = (reason: string) => t(`desk.away_reason.${reason}`, { defaultValue: words(reason) })
  const state = presence.state === 'away' && presence.reason !== undefined ? named(presence.reason) : t(`desk.presence_state.${presence.state}`)
  const { next, until } = presence
  const busy = presence.state === 'talking' || presence.state === 'offered' || presence.state === 'wrap_up'
  const then = busy && next?.presence === 'away' ? t('desk.presence_next', { what: next.reason === undefined ? t('desk.away') : named(next.reason) }) : ''
  const left = presence.state === 'wrap_up' && until !== undefined ? clock(until - now) : ''
  const put = (wanted: 'available' | 'away', reason?: string) => {
    setPresence(wanted, reason).catch((error: unknown) => void message.error(because(error)))
  }
  const items: MenuProps['items'] = [
    { key: 'available', label: t('desk.available'), onClick: () => put('available') },
    { type: 'divider' },
    ...reasons.map((reason) => ({ key: reason, label: named(reason), onClick: () => put('away', reason) })),
  ]
  return (
    <Dropdown trigger={['click']} menu={{ items }}>
      <button type="button" className={`presence presence-${presence.state}`} aria-label={`${t('desk.presence')}: ${state}`}>
        <i aria-hidden />
        {state}
        {left !== '' && <span className="num">{left}</span>}
        {then !== '' && <span className="muted">{then}</span>}
        <ChevronDown size={14} aria-hidden />
      </button>
    </Dropdown>
  )
}
