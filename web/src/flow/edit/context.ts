/** What every part of the editor needs: the visit, what is edited, and the keys of both. */
import { createContext, useContext, useSyncExternalStore } from 'react'
import type { BlockSpec } from '../document'
import type { Editing } from './editing'
import type { Session, SessionState } from './session'

export const SessionContext = createContext<Session | null>(null)

export function useSession(): Session {
  const found = useContext(SessionContext)
  if (!found) throw new Error('outside of the flow editor')
  return found
}

export const useEdit = (): Editing => useSession().edit

/** A part of what is edited; drawn again only when that part is another. */
export function useEdited<T>(part: (edit: Editing) => T): T {
  const edit = useEdit()
  return useSyncExternalStore(edit.subscribe, () => part(edit))
}

export function useSessionState(): SessionState {
  const { subscribe, state } = useSession()
  return useSyncExternalStore(subscribe, state)
}

export const useSpec = (type: string): BlockSpec | undefined => useEdit().specs.get(type)
