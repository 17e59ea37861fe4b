/** How loud both sides are. Drawn by hand some fifteen times a second, past React, which has better things to do. */
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { phone } from '../usePhone'

const EVERY_MS = 66

/** Has a bar follow a level, 0 to 1. */
export function Bar({ level }: { level: () => number }) {
  const bar = useRef<HTMLElement>(null)
  const latest = useRef(level)
  useEffect(() => {
    latest.current = level
  })
  useEffect(() => {
    let shown = 0
    const timer = setInterval(() => {
      const now = latest.current()
      // Up at once, down gently, as meters do.
      shown = now > shown ? now : shown * 0.8 + now * 0.2
      if (bar.current) bar.current.style.transform = `scaleX(${shown.toFixed(3)})`
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <span className="level" aria-hidden>
      <i ref={bar} />
    </span>
  )
}

export function Meters({ leg }: { leg: string }) {
  const { t } = useTranslation()
  return (
    <span className="meters">
      <span title={t('phone.spoken')}>
        <span className="sr">{t('phone.spoken')}</span>
        <Bar level={() => phone.levels(leg).spoken} />
      </span>
      <span title={t('phone.heard')} className="meter-heard">
        <span className="sr">{t('phone.heard')}</span>
        <Bar level={() => phone.levels(leg).heard} />
      </span>
    </span>
  )
}
