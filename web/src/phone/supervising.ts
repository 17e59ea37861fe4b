/**
 * The page's phone as a supervisor's. What the page asked for itself it also answers; such a call leaves no work to be finished.
 */
import { useSyncExternalStore } from 'react'
import { supervise, type How } from '../api/floor'
import { ringing } from './machine'
import { phone } from './usePhone'

export interface Supervising {
  call: string
  how: Exclude<How, 'over'>
  /** The phone has yet to take part. */
  asked: boolean
  leg?: string
}

let now: Supervising | undefined
const listeners = new Set<() => void>()
const ours = new Set<string>()

function put(next: Supervising | undefined): void {
  now = next
  listeners.forEach((listener) => listener())
}

/** Whether a leg is one that the page asked for to supervise a call. */
export const isSupervisor = (leg: string): boolean => ours.has(leg)

phone.subscribe(() => {
  if (!now?.asked || now.leg !== undefined) return
  const leg = ringing(phone.current().state)
  if (leg?.call !== now.call || leg.queue !== undefined) return
  ours.add(leg.id)
  put({ ...now, leg: leg.id })
  // Not from within what the phone is telling.
  queueMicrotask(() => phone.tell({ type: 'accept', leg: leg.id }))
})

phone.onEnded(({ leg }) => {
  if (now?.leg === leg.id) put(undefined)
})

/** Takes part, in another way, or no more. One call at a time: the one before is left. */
export async function take(call: string, extension: string, how: How): Promise<void> {
  const before = now
  if (how === 'over') {
    await supervise(call, extension, 'over')
    if (now?.call === call) put(undefined)
    return
  }
  if (before && before.call !== call) await supervise(before.call, extension, 'over').catch(() => undefined)
  const same = before?.call === call ? before : undefined
  put({ call, how, asked: true, leg: same?.leg })
  try {
    await supervise(call, extension, how)
    if (current()?.call === call) put({ ...(current() ?? { call }), call, how, asked: false })
  } catch (error) {
    if (current()?.call === call) put(same)
    throw error
  }
}

/** The call is over, for a phone of which this page hears nothing. */
export function left(call: string): void {
  if (now?.call === call) put(undefined)
}

const current = (): Supervising | undefined => now
const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const useSupervising = (): Supervising | undefined => useSyncExternalStore(subscribe, current)
