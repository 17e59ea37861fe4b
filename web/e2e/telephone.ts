/** A browser's telephone without a page around it: one socket, and a peer connection for each leg. It lives in the page, as `window.phone`. */
import type { Page } from 'playwright-core'

export const flags = ['--allow-loopback-in-peer-connection']

export interface Message {
  type: string
  leg?: string
  sdp?: string
  [field: string]: unknown
}

export interface Telephone {
  /** Everything that the service has said. */
  said: Message[]
  connect: (path: string) => Promise<void>
  send: (message: Message) => void
  /** Sends an offer with a message, and follows the answer to it. `key` names the peer connection. */
  offer: (key: string, message: Message) => Promise<void>
  /** Takes the answer to an offer. */
  answer: (key: string, sdp: string) => Promise<void>
  /** How much sound of the other side was heard so far. */
  heard: (key: string) => Promise<number>
  /** Waits for a message; the fields that are given must be as given. */
  message: (wanted: Message) => Promise<Message>
  /** The state of the peer connection. */
  state: (key: string) => string
  press: (key: string, digits: string) => void
  close: (key: string) => void
  hangUpSocket: () => void
  /** Calls from as many connections of this page at a time, and says how many heard something and how long each took to connect. */
  crowd: (tokens: string[]) => Promise<{ heard: number; connected_ms: number[] }>
  /** Calls itself: how long until it rings, and from accepting until both ends hear each other. */
  loop: (round: number) => Promise<{ ring_ms: number; sound_ms: number }>
}

declare global {
  interface Window {
    phone: Telephone
  }
}

/** Puts the telephone into every page that is loaded from now on. */
export async function installed(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const GATHER_MS = 500
    const said: Message[] = []
    const lines = new Map<string, RTCPeerConnection>()
    let socket: WebSocket | undefined
    let waiting: (() => void)[] = []

    const open = (path: string, heard: (message: Message) => void): Promise<WebSocket> =>
      new Promise((ready, fail) => {
        const opened = new WebSocket(`${location.origin.replace('http', 'ws')}${path}`)
        opened.onmessage = ({ data }) => heard(JSON.parse(String(data)) as Message)
        opened.onopen = () => ready(opened)
        opened.onerror = () => fail(new Error(`no socket at ${path.split('?')[0] ?? ''}`))
      })

    const line = async (): Promise<{ connection: RTCPeerConnection; sdp: string }> => {
      const connection = new RTCPeerConnection()
      const microphone = await navigator.mediaDevices.getUserMedia({ audio: true })
      microphone.getTracks().forEach((track) => connection.addTrack(track, microphone))
      connection.ontrack = ({ streams, track }) => {
        const speaker = new Audio()
        speaker.srcObject = streams[0] ?? new MediaStream([track])
        void speaker.play()
      }
      await connection.setLocalDescription(await connection.createOffer())
      await new Promise<void>((gathered) => {
        connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && gathered()
        setTimeout(gathered, GATHER_MS)
      })
      return { connection, sdp: connection.localDescription?.sdp ?? '' }
    }

    const energy = async (connection: RTCPeerConnection | undefined): Promise<number> => {
      let heard = 0
      const report = await connection?.getStats()
      report?.forEach((entry: { type: string; kind?: string; totalAudioEnergy?: number }) => {
        if (entry.type === 'inbound-rtp' && entry.kind === 'audio') heard += entry.totalAudioEnergy ?? 0
      })
      return heard
    }

    const fits = (message: Message, wanted: Message) =>
      Object.entries(wanted).every(([field, value]) => value === undefined || message[field] === value)

    const call = async (token: string): Promise<{ connection: RTCPeerConnection; connected_ms: number }> => {
      const { connection, sdp } = await line()
      const dialled = performance.now()
      await new Promise<void>((connected, fail) => {
        void open(`/api/v1/widget/call?token=${token}`, (message) => {
          if (message.type === 'connected') void connection.setRemoteDescription({ type: 'answer', sdp: message.sdp ?? '' })
          if (message.type === 'error' || message.type === 'ended') fail(new Error(JSON.stringify(message)))
        }).then((opened) => opened.send(JSON.stringify({ type: 'dial', sdp })), fail)
        connection.onconnectionstatechange = () => connection.connectionState === 'connected' && connected()
      })
      return { connection, connected_ms: performance.now() - dialled }
    }

    window.phone = {
      said,
      connect: async (path) => {
        socket = await open(path, (message) => {
          said.push(message)
          const woken = waiting
          waiting = []
          woken.forEach((wake) => wake())
        })
      },
      send: (message) => socket?.send(JSON.stringify(message)),
      offer: async (key, message) => {
        lines.get(key)?.close()
        const { connection, sdp } = await line()
        lines.set(key, connection)
        window.phone.send({ ...message, sdp })
      },
      answer: async (key, sdp) => {
        await lines.get(key)?.setRemoteDescription({ type: 'answer', sdp })
      },
      heard: (key) => energy(lines.get(key)),
      message: async (wanted) => {
        for (;;) {
          const found = said.find((message) => fits(message, wanted))
          if (found) return found
          await new Promise<void>((wake) => waiting.push(wake))
        }
      },
      state: (key) => lines.get(key)?.connectionState ?? 'none',
      press: (key, digits) => lines.get(key)?.getSenders()[0]?.dtmf?.insertDTMF(digits),
      close: (key) => lines.get(key)?.close(),
      hangUpSocket: () => socket?.close(),
      crowd: async (tokens) => {
        const calls = await Promise.all(tokens.map(call))
        const heard = new Set<number>()
        for (let round = 0; round < 100 && heard.size < calls.length; round += 1) {
          for (const [n, { connection }] of calls.entries()) if ((await energy(connection)) > 0.0001) heard.add(n)
          await new Promise((wait) => setTimeout(wait, 200))
        }
        return { heard: heard.size, connected_ms: calls.map(({ connected_ms }) => Math.round(connected_ms)) }
      },
      loop: async (round) => {
        const [out, back] = [`out-${round}`, `back-${round}`]
        const { phone } = window
        // Both offers are ready before anything is measured: what is gathered is the browser's own business.
        const ends = { [out]: await line(), [back]: await line() }
        for (const [key, { connection }] of Object.entries(ends)) lines.set(key, connection)
        const before = said.length
        const dialled = performance.now()
        phone.send({ type: 'dial', leg: out, to: '101', sdp: ends[out]?.sdp ?? '' })
        let ringing: Message | undefined
        while (!(ringing = said.slice(before).find(({ type }) => type === 'ringing'))) {
          await new Promise<void>((wake) => waiting.push(wake))
        }
        const ring_ms = performance.now() - dialled
        const leg = ringing.leg ?? ''
        const accepted = performance.now()
        phone.send({ type: 'accept', leg, sdp: ends[back]?.sdp ?? '' })
        const answer = async (leg: string, key: string) => phone.answer(key, (await phone.message({ type: 'connected', leg })).sdp ?? '')
        await Promise.all([answer(leg, back), answer(out, out)])
        const both = async () => (await Promise.all([out, back].map(phone.heard))).every((energy) => energy > 0.0001)
        while (!(await both())) await new Promise((wait) => setTimeout(wait, 5))
        const sound_ms = performance.now() - accepted
        phone.send({ type: 'hang_up', leg: out })
        await Promise.all([phone.message({ type: 'ended', leg: out }), phone.message({ type: 'ended', leg })])
        ;[out, back].forEach(phone.close)
        return { ring_ms, sound_ms }
      },
    }
  })
}

/** What the API answers. */
export const ask = (page: Page, method: string, path: string, body: unknown = {}): Promise<Message & Record<string, unknown>> =>
  page.evaluate(
    async ([method, path, body]) => {
      const headers = { 'content-type': 'application/json', 'x-hotline': '1' }
      const reply = await fetch(`/api/v1/${path}`, { method, headers, ...(method === 'GET' ? {} : { body }) })
      if (!reply.ok) throw new Error(`${path}: ${await reply.text()}`)
      return (await reply.json()) as Message
    },
    [method, path, JSON.stringify(body)] as const,
  )

/** Waits until more of the other side is heard than was. */
export async function hears(page: Page, key: string, more = 0.001): Promise<void> {
  const before = await page.evaluate((key) => window.phone.heard(key), key)
  await page.waitForFunction(
    async ([key, least]) => (await window.phone.heard(key)) > least,
    [key, before + more] as const,
    { timeout: 60_000, polling: 200 },
  )
}
