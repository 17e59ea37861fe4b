/**
 * What is still to be written of calls that are over, and notes while they are typed. Kept in this browser's storage, which outlives a
 * reload, a crash and an expired sign-in, until it has arrived in the ticket.
 */
import { useSyncExternalStore } from 'react'
import type { TicketStatus } from '../api/types'

export interface WrapUp {
  call: string
  party: string
  queue?: string
  ended_at: number
  /** The agent is done with it; what they wrote is on its way to the ticket. */
  done?: { status: TicketStatus; reason: string }
}

const KEY = 'hotline.wrap-ups'
const NOTES = 'hotline.notes.'
/** What nobody finished in so long nobody will. */
const KEPT_MS = 7 * 86_400_000

function isWrapUp(value: unknown): value is WrapUp {
  const { call, party, ended_at } = (value ?? {}) as Record<string, unknown>
  return typeof call === 'string' && typeof party === 'string' && typeof ended_at === 'number'
}

export function read(text: string | null, now: number): WrapUp[] {
  try {
    const found: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(found) ? found.filter(isWrapUp).filter(({ ended_at }) => now - ended_at < KEPT_MS) : []
  } catch {
    return []
  }
}

/** One more; a call that was spoken with twice is finished once. */
export const withWrapUp = (all: readonly WrapUp[], next: WrapUp): WrapUp[] => [...all.filter(({ call }) => call !== next.call), next]

const listeners = new Set<() => void>()
let known: readonly WrapUp[] | undefined

const all = (): readonly WrapUp[] => (known ??= read(localStorage.getItem(KEY), Date.now()))

function put(next: readonly WrapUp[]): void {
  known = next
  localStorage.setItem(KEY, JSON.stringify(next))
  listeners.forEach((listener) => listener())
}

if (typeof window !== 'undefined') {
  window.addEventListener('storage', ({ key }) => {
    if (key !== KEY) return
    known = undefined
    listeners.forEach((listener) => listener())
  })
}

export const addWrapUp = (next: WrapUp): void => put(withWrapUp(all(), next))

export const finish = (call: string, done: WrapUp['done']): void => put(all().map((each) => (each.call === call ? { ...each, done } : each)))

/** Gone for good, with its notes. */
export function forget(call: string): void {
  localStorage.removeItem(NOTES + call)
  put(all().filter((each) => each.call !== call))
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const useWrapUps = (): readonly WrapUp[] => useSyncExternalStore(subscribe, all)

export const notesOf = (call: string): string => localStorage.getItem(NOTES + call) ?? ''

function write(call: string, text: string): void {
  if (text === '') localStorage.removeItem(NOTES + call)
  else localStorage.setItem(NOTES + call, text)
  listeners.forEach((listener) => listener())
}

/** The notes of a call, kept with every key that is typed. */
export function useNotes(call: string): [string, (text: string) => void] {
  const text = useSyncExternalStore(subscribe, () => notesOf(call))
  return [text, (next) => write(call, next)]
}
