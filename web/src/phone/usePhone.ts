/** The page's one phone, for React. */
import { useSyncExternalStore } from 'react'
import { Phone, type Snapshot } from './phone'

export const phone = new Phone()

export const usePhone = (): Snapshot => useSyncExternalStore(phone.subscribe, phone.current)
