/** Pieces of the phone that the bar and the desk share. */
import { Button, Tooltip } from 'antd'
import { Mic, MicOff, Pause, Phone as PhoneIcon, PhoneOff, Play, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { clock } from '../../lib/format'
import { useNow } from '../../lib/hooks'
import type { Leg, State } from '../machine'
import { phone } from '../usePhone'
import { usePhoneWords } from './words'

/** How long it has rung, or how long one has talked. */
export function Since({ leg }: { leg: Leg }) {
  const now = useNow(1_000)
  return (
    <span className="num phone-time" role="timer">
      {clock(now - (leg.answered ?? leg.began))}
    </span>
  )
}

export function QualityWord({ leg }: { leg: Leg }) {
  const { t } = useTranslation()
  const words = usePhoneWords()
  if (leg.stage !== 'talking') return null
  if (leg.media !== 'up' && leg.media !== 'none') return <span className="quality quality-bad">{t(`phone.media.${leg.media}`)}</span>
  const { text, grade, details } = words.quality(leg)
  return (
    <Tooltip title={details}>
      <span className={`quality quality-${grade}`} tabIndex={0} aria-live="polite">
        <i aria-hidden />
        {text}
      </span>
    </Tooltip>
  )
}

export function AnswerButtons({ leg, large = false, answered }: { leg: Leg; large?: boolean; answered?: () => void }) {
  const { t } = useTranslation()
  const size = large ? 'large' : 'small'
  return (
    <span className="row phone-answer">
      <Button
        size={size}
        type="primary"
        className="answer-button"
        icon={<PhoneIcon size={16} />}
        aria-keyshortcuts="a"
        title={`${t('phone.answer')} (a)`}
        onClick={() => {
          phone.tell({ type: 'accept', leg: leg.id })
          answered?.()
        }}
      >
        {t('phone.answer')}
      </Button>
      <Button size={size} icon={<PhoneOff size={16} />} aria-keyshortcuts="d" title={`${t('phone.decline')} (d)`} onClick={() => phone.tell({ type: 'decline', leg: leg.id })}>
        {t('phone.decline')}
      </Button>
    </span>
  )
}

export function TalkButtons({ leg, small = false }: { leg: Leg; small?: boolean }) {
  const { t } = useTranslation()
  const held = leg.stage === 'held'
  const talks = held || leg.stage === 'talking'
  const size = small ? 'small' : 'middle'
  const mute = t(leg.muted ? 'phone.unmute' : 'phone.mute')
  const hold = t(held ? 'phone.resume' : 'phone.hold')
  return (
    <>
      {talks && (
        <>
          <Button
            size={size}
            icon={leg.muted ? <MicOff size={16} /> : <Mic size={16} />}
            className={leg.muted ? 'pressed' : undefined}
            aria-pressed={leg.muted}
            aria-keyshortcuts="m"
            aria-label={small ? mute : undefined}
            title={`${mute} (m)`}
            onClick={() => phone.tell({ type: 'mute', leg: leg.id, on: !leg.muted })}
          >
            {small ? undefined : mute}
          </Button>
          <Button
            size={size}
            icon={held ? <Play size={16} /> : <Pause size={16} />}
            className={held ? 'pressed' : undefined}
            aria-pressed={held}
            aria-keyshortcuts="h"
            aria-label={small ? hold : undefined}
            title={`${hold} (h)`}
            onClick={() => phone.tell({ type: 'hold', leg: leg.id, on: !held })}
          >
            {small ? undefined : hold}
          </Button>
        </>
      )}
      <Button size={size} danger type="primary" icon={<PhoneOff size={16} />} aria-label={small ? t('phone.hang_up') : undefined} title={t('phone.hang_up')} onClick={() => phone.tell({ type: 'hang_up', leg: leg.id })}>
        {small ? undefined : t('phone.hang_up')}
      </Button>
    </>
  )
}

/** What went wrong, and what to do. */
export function TroubleNote({ state }: { state: State }) {
  const { t } = useTranslation()
  const words = usePhoneWords()
  if (!state.trouble) return null
  return (
    <div className="error-note phone-trouble" role="alert">
      <p className="spread">{words.trouble(state.trouble)}</p>
      <Button type="text" size="small" icon={<X size={16} />} aria-label={t('phone.dismiss')} onClick={() => phone.tell({ type: 'calm' })} />
    </div>
  )
}
