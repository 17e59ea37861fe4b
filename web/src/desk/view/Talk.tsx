/** The call at the ear: who it is, how it sounds, and everything that can be done with it. */
import { Button, Input, type InputRef } from 'antd'
import { Grid3x3, PhoneForwarded } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { words as asWords } from '../../lib/format'
import { useKeys } from '../../lib/hooks'
import type { Leg } from '../../phone/machine'
import { phone, usePhone } from '../../phone/usePhone'
import { QualityWord, Since, TalkButtons } from '../../phone/view/Bits'
import { Meters } from '../../phone/view/Meters'
import { useParty } from '../../phone/view/useParty'
import { usePhoneWords } from '../../phone/view/words'

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#']

function Keypad({ leg }: { leg: Leg }) {
  const { t } = useTranslation()
  const [pressed, setPressed] = useState('')
  const pad = useRef<HTMLDivElement>(null)
  useEffect(() => pad.current?.focus(), [])
  const press = (digit: string) => {
    phone.tell({ type: 'key', leg: leg.id, digit })
    setPressed((before) => (before + digit).slice(-24))
  }
  return (
    <div
      ref={pad}
      className="keypad"
      role="group"
      tabIndex={-1}
      aria-label={t('phone.keypad')}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || !DIGITS.includes(event.key)) return
        // The page's own keys rest meanwhile: a digit is a digit.
        event.preventDefault()
        event.stopPropagation()
        press(event.key)
      }}
    >
      <output className="keypad-pressed num" aria-label={t('phone.pressed')}>
        {pressed}
      </output>
      {DIGITS.map((digit) => (
        <button key={digit} type="button" aria-label={t('phone.key', { digit })} onClick={() => press(digit)}>
          {digit}
        </button>
      ))}
    </div>
  )
}

function Transfer({ leg, close }: { leg: Leg; close: () => void }) {
  const { t } = useTranslation()
  const [to, setTo] = useState('')
  const field = useRef<InputRef>(null)
  useEffect(() => field.current?.focus(), [])
  const isEmpty = to.trim() === ''
  const consult = () => {
    if (isEmpty) return
    phone.tell({ type: 'hold', leg: leg.id, on: true })
    phone.dial(to, leg.id)
    close()
  }
  return (
    <form
      className="transfer"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isEmpty) phone.tell({ type: 'transfer', leg: leg.id, to })
      }}
      onKeyDown={(event) => event.key === 'Escape' && close()}
    >
      <Input ref={field} value={to} maxLength={64} placeholder={t('phone.transfer_to')} aria-label={t('phone.transfer_to')} onChange={(event) => setTo(event.target.value)} />
      <Button htmlType="submit" type="primary" disabled={isEmpty}>
        {t('phone.transfer_blind')}
      </Button>
      <Button disabled={isEmpty} onClick={consult}>
        {t('phone.transfer_ask')}
      </Button>
      <p className="muted">{t('phone.transfer_help')}</p>
    </form>
  )
}

/** Who waits while the other is spoken with, and how the two come together. */
function Consulting({ leg, waits }: { leg: Leg; waits: Leg }) {
  const { t } = useTranslation()
  const words = usePhoneWords()
  const from = words.who(waits)
  return (
    <div className="consulting" role="status">
      <p className="spread">{t('phone.consulting', { to: words.who(leg), from })}</p>
      <span className="row">
        <Button size="small" type="primary" disabled={leg.stage === 'dialling'} onClick={() => phone.tell({ type: 'complete', leg: leg.id })}>
          {t('phone.complete')}
        </Button>
        <Button
          size="small"
          onClick={() => {
            phone.tell({ type: 'hang_up', leg: leg.id })
            phone.tell({ type: 'hold', leg: waits.id, on: false })
          }}
        >
          {t('phone.back', { from })}
        </Button>
      </span>
    </div>
  )
}

export function Talk({ leg }: { leg: Leg }) {
  const { t } = useTranslation()
  const { state } = usePhone()
  const words = usePhoneWords()
  const { who, queue } = useParty(leg)
  const [open, setOpen] = useState<'keypad' | 'transfer'>()
  const talks = leg.stage === 'talking' || leg.stage === 'held'
  const toggle = (which: 'keypad' | 'transfer') => setOpen(open === which ? undefined : which)
  useKeys({
    ...(talks ? { k: () => toggle('keypad'), t: () => toggle('transfer') } : {}),
    x: () => phone.tell({ type: 'hang_up', leg: leg.id }),
  })
  const waits = state.legs.filter(({ id, stage }) => id !== leg.id && stage === 'held')
  const consulted = waits.find(({ id }) => id === leg.consults)
  const { transfer } = leg
  return (
    <section className={`panel talk talk-${leg.stage}`} aria-label={t('phone.title')}>
      <div className="talk-head">
        <div className="spread">
          <h1 className="num">{who}</h1>
          <p className="row talk-about">
            <span className={`phone-stage stage-${leg.stage}`}>{words.stage(leg)}</span>
            <Since leg={leg} />
            {queue !== undefined && <span className="muted">{t('phone.from_queue', { queue: asWords(queue) })}</span>}
            {leg.muted && <span className="talk-muted">{t('phone.muted')}</span>}
          </p>
        </div>
        <div className="talk-sound">
          <Meters leg={leg.id} />
          <QualityWord leg={leg} />
        </div>
      </div>
      <div className="talk-buttons">
        {talks && (
          <>
            <Button icon={<Grid3x3 size={16} />} aria-expanded={open === 'keypad'} aria-keyshortcuts="k" title={`${t('phone.keypad')} (k)`} onClick={() => toggle('keypad')}>
              {t('phone.keypad')}
            </Button>
            <Button icon={<PhoneForwarded size={16} />} aria-expanded={open === 'transfer'} aria-keyshortcuts="t" title={`${t('phone.transfer')} (t)`} onClick={() => toggle('transfer')}>
              {t('phone.transfer')}
            </Button>
          </>
        )}
        <TalkButtons leg={leg} />
      </div>
      {transfer && (
        <p className={transfer.state === 'failed' ? 'talk-note bad' : 'talk-note'} role="status">
          {t(`phone.transfer_state.${transfer.state}`, { to: transfer.to, reason: words.reason(transfer.reason) })}
        </p>
      )}
      {consulted && <Consulting leg={leg} waits={consulted} />}
      {waits
        .filter(({ id }) => id !== leg.consults)
        .map((other) => (
          <p key={other.id} className="talk-note row">
            <span className="spread">{t('phone.waits_also', { from: words.who(other) })}</span>
            <Button size="small" onClick={() => phone.tell({ type: 'hold', leg: other.id, on: false })}>
              {t('phone.back', { from: words.who(other) })}
            </Button>
          </p>
        ))}
      {open === 'keypad' && talks && <Keypad leg={leg} />}
      {open === 'transfer' && talks && <Transfer leg={leg} close={() => setOpen(undefined)} />}
    </section>
  )
}
