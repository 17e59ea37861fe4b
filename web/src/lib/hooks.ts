import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { current, type Language } from '../i18n'

/** The language in force; re-renders when it changes. */
export function useLanguage(): Language {
  useTranslation()
  return current()
}

/** The time, as often as asked: only for what visibly ages. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const media = window.matchMedia(query)
      media.addEventListener('change', changed)
      return () => media.removeEventListener('change', changed)
    },
    () => window.matchMedia(query).matches,
  )
}

export const useNarrow = (): boolean => useMedia('(max-width: 760px)')

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest('[role="dialog"]') !== null)

/** Single keys of a page; they rest while somebody types, and leave the browser's own shortcuts alone. */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return
      // Space and Enter belong to the control that has the focus.
      if (event.key === ' ' && event.target instanceof HTMLElement && event.target.closest('button, a, [role="tab"], [role="option"]')) return
      const act = latest.current[event.key]
      if (!act) return
      event.preventDefault()
      act(event)
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [])
}

/** A text that survives errors, reloads and an expired sign-in; an empty one is forgotten. */
export function useDraft(key: string): [string, (text: string) => void] {
  const name = `hotline.draft.${key}`
  const [text, setText] = useState(() => sessionStorage.getItem(name) ?? '')
  return [
    text,
    (next) => {
      if (next === '') sessionStorage.removeItem(name)
      else sessionStorage.setItem(name, next)
      setText(next)
    },
  ]
}

/** The page's name in the browser's tab. */
export function useTitle(title: string | undefined): void {
  const { t } = useTranslation()
  useEffect(() => {
    document.title = title ? `${title} · ${t('app.name')}` : t('app.name')
  }, [title, t])
}
