/** The phone above every page: whether it is there, who rings, and the call that goes on. On the desk the call has a page of its own. */
import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { Headset } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation, useNavigate } from 'react-router-dom'
import { me as meQuery } from '../../api/queries'
import { Deliveries } from '../../desk/view/Deliveries'
import { addWrapUp } from '../../desk/wrapUps'
import { PresenceControl } from '../../desk/view/PresenceControl'
import { words as asWords } from '../../lib/format'
import { useKeys } from '../../lib/hooks'
import { current, ringing, type Leg } from '../machine'
import { isSupervisor } from '../supervising'
import { phone, usePhone } from '../usePhone'
import { AnswerButtons, QualityWord, Since, TalkButtons, TroubleNote } from './Bits'
import { Meters } from './Meters'
import { useParty } from './useParty'
import { usePhoneWords } from './words'
import '../texts'
import './phone.css'

/** Has the phone there as long as the page, whatever is looked at meanwhile. */
function usePhoneHere() {
  const { t } = useTranslation()
  useEffect(() => {
    phone.words = (party, queue) => ({
      title: t('phone.calls_you', { from: party === '' ? t('phone.withheld') : party }),
      body: queue === undefined ? '' : t('phone.from_queue', { queue: asWords(queue) }),
    })
  }, [t])
  useEffect(() => {
    void phone.start()
    const stop = phone.onEnded(({ leg, reason }) => {
      // A call that another tab has now, or that nobody took, leaves nothing to be written.
      if (leg.call === undefined || leg.answered === undefined || reason === 'elsewhere' || reason === 'closed' || isSupervisor(leg.id)) return
      addWrapUp({ call: leg.call, party: leg.party, queue: leg.queue, ended_at: Date.now() })
    })
    return () => {
      stop()
      phone.stop()
    }
  }, [])
}

function Party({ leg }: { leg: Leg }) {
  const { who } = useParty(leg)
  return <span className="strong num clip">{who}</span>
}

export default function PhoneBar() {
  const { t } = useTranslation()
  const { state } = usePhone()
  const words = usePhoneWords()
  const go = useNavigate()
  const onDesk = useLocation().pathname === '/desk'
  usePhoneHere()
  // Whoever has signed in again has the phone again.
  const { dataUpdatedAt } = useQuery(meQuery)
  useEffect(() => phone.tell({ type: 'signed_in' }), [dataUpdatedAt])
  const offered = ringing(state)
  const leg = current(state)
  const { line } = state

  useKeys({
    ...(offered
      ? {
          a: () => {
            phone.tell({ type: 'accept', leg: offered.id })
            void go('/desk')
          },
          d: () => phone.tell({ type: 'decline', leg: offered.id }),
        }
      : {}),
    ...(leg
      ? {
          m: () => phone.tell({ type: 'mute', leg: leg.id, on: !leg.muted }),
          h: () => phone.tell({ type: 'hold', leg: leg.id, on: leg.stage === 'talking' }),
        }
      : {}),
  })

  // Seen in the tab when another one is in front.
  const calls = offered && t('phone.calls_you', { from: words.who(offered) })
  useEffect(() => {
    if (calls === undefined) return
    const before = document.title
    document.title = calls
    return () => {
      if (document.title === calls) document.title = before
    }
  }, [calls])

  return (
    <section className={`phone-bar phone-line-${line}${offered ? ' phone-rings' : ''}`} aria-label={t('phone.title')}>
      <div className="phone-bar-row">
        <span className="phone-line" role="status">
          <i aria-hidden />
          <span className="num strong">{state.extension}</span>
          <span className={line === 'ready' ? 'muted phone-line-words' : 'phone-line-words'}>{words.line(state)}</span>
        </span>
        {line === 'elsewhere' && (
          <Button size="small" type="primary" onClick={() => phone.tell({ type: 'take_over' })}>
            {t('phone.use_here')}
          </Button>
        )}
        {line === 'retrying' && (
          <Button size="small" onClick={() => phone.tell({ type: 'retry' })}>
            {t('phone.try_now')}
          </Button>
        )}
        {line === 'ready' && <PresenceControl />}
        <span className="spread" />
        {leg && !onDesk && (
          <span className="phone-bar-call">
            <Party leg={leg} />
            <span className={`phone-stage stage-${leg.stage}`}>{leg.muted ? t('phone.muted') : words.stage(leg)}</span>
            <Since leg={leg} />
            <Meters leg={leg.id} />
            <QualityWord leg={leg} />
            <span className="row">
              <TalkButtons leg={leg} small />
            </span>
          </span>
        )}
        {!onDesk && (
          <Link to="/desk" className="phone-to-desk" title={t('phone.to_desk')}>
            <Headset size={16} aria-hidden />
            <span>{t('phone.to_desk')}</span>
          </Link>
        )}
      </div>
      {offered && !onDesk && (
        <div className="phone-bar-row phone-offer" role="alert">
          <span className="spread clip">
            <strong>{t('phone.calls_you', { from: words.who(offered) })}</strong>
            {offered.queue !== undefined && <span className="muted">{` · ${t('phone.from_queue', { queue: asWords(offered.queue) })}`}</span>}
          </span>
          <AnswerButtons leg={offered} answered={() => void go('/desk')} />
        </div>
      )}
      {!onDesk && <TroubleNote state={state} />}
      <Deliveries />
    </section>
  )
}
