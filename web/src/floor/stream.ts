/** The floor's stream, open as long as somebody looks: what it said last, and whether it is still being told. */
import { useEffect, useState } from 'react'
import { readFloorOf, type Floor } from '../api/floor'

const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000]

export interface Told {
  floor?: Floor
  /** How far this browser's clock is ahead of the service's. */
  ahead_ms: number
  /** Nothing has come since the connection was lost. */
  stale: boolean
}

export function useFloor(): Told {
  const [told, setTold] = useState<Told>({ ahead_ms: 0, stale: false })
  useEffect(() => {
    let socket: WebSocket | undefined
    let retry: ReturnType<typeof setTimeout> | undefined
    let failures = 0
    const open = () => {
      clearTimeout(retry)
      const address = new URL('/api/v1/floor/live', location.href)
      address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
      const mine = new WebSocket(address)
      socket = mine
      mine.onmessage = ({ data }) => {
        const floor = typeof data === 'string' ? readFloorOf(data) : undefined
        if (!floor || socket !== mine) return
        failures = 0
        setTold({ floor, ahead_ms: floor.at > 0 ? Date.now() - floor.at : 0, stale: false })
      }
      mine.onclose = () => {
        if (socket !== mine) return
        setTold((before) => ({ ...before, stale: true }))
        const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 8_000
        failures += 1
        retry = setTimeout(open, wait * (0.75 + Math.random() / 2))
      }
    }
    open()
    addEventListener('online', open)
    return () => {
      removeEventListener('online', open)
      clearTimeout(retry)
      const last = socket
      socket = undefined
      last?.close()
    }
  }, [])
  return told
}
