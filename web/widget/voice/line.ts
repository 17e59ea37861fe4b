/** A visitor's call: its token, its socket, its sound. After a break, or on the next page, it goes on by a secret that only this tab has. */
import { Peer } from '../../src/rtc/peer'
import { meter, type Meter } from '../../src/rtc/level'
import { Failure } from '../client'
import { after, begun, read, type Call } from './state'

const KEY = 'hotline.call'
/** The service keeps a call for so long whose page is away. */
const KEPT_MS = 30_000
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000]
const SHAKY_MS = 2_500

export interface Kept {
  server: string
  resume: string
  iceServers: RTCIceServer[]
  /** Who was there last; the service says so again only when it changes. */
  with?: Call['with']
}

export function kept(server: string): Kept | undefined {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Kept | null
    return found?.server === server && typeof found.resume === 'string' && Array.isArray(found.iceServers) ? found : undefined
  } catch {
    return undefined
  }
}

function keep(call: Kept | undefined): void {
  try {
    if (call) sessionStorage.setItem(KEY, JSON.stringify(call))
    else sessionStorage.removeItem(KEY)
  } catch {
    // Where a browser keeps nothing, the call goes on until the page is left.
  }
}

interface Ticket {
  token: string
  ice_servers?: RTCIceServer[]
}

async function ticket(server: string, language: string): Promise<Ticket> {
  let reply: Response
  try {
    reply = await fetch(`${server}/api/v1/widget/calls`, {
      method: 'POST',
      headers: { 'x-hotline': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ language, page: location.origin + location.pathname }),
      cache: 'no-store',
      credentials: 'omit',
    })
  } catch {
    throw new Failure('offline')
  }
  if (reply.ok) return reply.json() as Promise<Ticket>
  const said = (await reply.json().catch(() => undefined)) as { error?: { code?: string } } | undefined
  throw new Failure(said?.error?.code ?? 'other')
}

export class Line {
  call: Call = begun
  muted = false
  private socket: WebSocket | undefined
  private peer: Peer | undefined
  private secret: string | undefined
  private iceServers: RTCIceServer[] = []
  private failures = 0
  private lostAt: number | undefined
  private retry: ReturnType<typeof setTimeout> | undefined
  private shaky: ReturnType<typeof setTimeout> | undefined
  private readonly element = new Audio()
  private readonly spoken: Meter
  private readonly gone = new AbortController()

  constructor(
    private readonly server: string,
    private readonly microphone: MediaStream,
    private readonly changed: (call: Call) => void,
  ) {
    this.spoken = meter(microphone)
    this.element.autoplay = true
    addEventListener('online', () => this.restart(), { signal: this.gone.signal })
  }

  /** 0 to 1. */
  level(): number {
    return this.muted ? 0 : this.spoken.level()
  }

  async begin(language: string): Promise<void> {
    try {
      const { token, ice_servers: iceServers = [] } = await ticket(this.server, language)
      this.iceServers = iceServers
      const offer = await this.newPeer().offer()
      this.connect(`token=${encodeURIComponent(token)}`, () => this.send({ type: 'dial', sdp: offer }))
    } catch (failure) {
      this.end(failure instanceof Failure ? failure.code : 'other')
    }
  }

  /** On the next page, or after a reload. */
  goOn({ resume, iceServers, with: last = 'bot' }: Kept): void {
    this.secret = resume
    this.iceServers = iceServers
    this.put({ ...this.call, stage: 'talking', since: Date.now(), with: last })
    this.resume()
  }

  mute(on: boolean): void {
    this.muted = on
    this.peer?.speak(!on)
    this.changed(this.call)
  }

  press(digit: string): void {
    if (this.peer?.press(digit) !== true) this.send({ type: 'key', digit })
  }

  hangUp(): void {
    this.send({ type: 'hang_up' })
    this.end('normal')
  }

  private put(call: Call): void {
    this.call = call
    this.changed(call)
  }

  private newPeer(): Peer {
    this.peer?.close()
    const peer: Peer = new Peer(this.iceServers, this.microphone, {
      state: (state) => {
        if (this.peer !== peer) return
        clearTimeout(this.shaky)
        this.put({ ...this.call, media: state })
        // A browser takes half a minute to give up what a restart mends at once.
        if (state === 'shaky') this.shaky = setTimeout(() => this.restart(), SHAKY_MS)
        else if (state === 'lost') this.restart()
      },
      stream: (stream) => {
        this.element.srcObject = stream
        void this.element.play().catch(() => undefined)
      },
    })
    peer.speak(!this.muted)
    this.peer = peer
    return peer
  }

  private restart(): void {
    if (this.call.stage !== 'talking' || !this.peer || this.socket?.readyState !== WebSocket.OPEN) return
    this.peer.offer(true).then(
      (sdp) => this.send({ type: 'restart', sdp }),
      () => undefined,
    )
  }

  private connect(query: string, opened: () => void): void {
    const address = new URL(`${this.server}/api/v1/widget/call?${query}`)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    const mine = new WebSocket(address)
    this.socket = mine
    mine.onopen = () => {
      if (this.socket !== mine) return
      this.failures = 0
      this.lostAt = undefined
      this.put({ ...this.call, connected: true })
      opened()
    }
    mine.onmessage = ({ data }) => this.socket === mine && typeof data === 'string' && this.take(data)
    mine.onclose = () => this.socket === mine && this.lost()
  }

  private take(data: string): void {
    const message = read(data)
    if (!message) return
    if (message.type === 'connected' || message.type === 'restarted') {
      this.peer?.answer(message.sdp).catch(() => undefined)
      if (message.type === 'connected' && message.resume !== undefined) {
        this.secret = message.resume
        this.keep(this.call.with)
      }
    }
    if (message.type === 'state') this.keep(message.state)
    // The way back leads nowhere any more.
    if (message.type === 'error' && message.code === 'token_refused') return this.end(this.secret === undefined ? 'other' : 'lost')
    const next = after(this.call, message, Date.now())
    if (next.stage === 'over') this.end(next.reason ?? '')
    else if (next !== this.call) this.put(next)
  }

  private keep(last: Call['with']): void {
    if (this.secret !== undefined) keep({ server: this.server, resume: this.secret, iceServers: this.iceServers, with: last })
  }

  private lost(): void {
    this.socket = undefined
    if (this.call.stage === 'over') return
    const now = Date.now()
    this.lostAt ??= now
    if (this.secret === undefined) return this.end('other')
    if (now - this.lostAt > KEPT_MS) return this.end('lost')
    this.put({ ...this.call, connected: false })
    const wait = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)] ?? 4_000
    this.failures += 1
    this.retry = setTimeout(() => this.resume(), wait)
  }

  private resume(): void {
    this.connect(`resume=${encodeURIComponent(this.secret ?? '')}`, () => {
      if (this.peer && this.call.media === 'up') return
      // A new page has no way for the sound yet; a page that was cut off needs another.
      const fresh = this.peer === undefined
      const peer = this.peer ?? this.newPeer()
      peer.offer(!fresh).then(
        (sdp) => this.send({ type: 'restart', sdp }),
        () => undefined,
      )
    })
  }

  private send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  private end(reason: string): void {
    if (this.call.stage === 'over') return
    keep(undefined)
    this.gone.abort()
    clearTimeout(this.retry)
    clearTimeout(this.shaky)
    const { socket } = this
    this.socket = undefined
    // What was sent last is to arrive.
    setTimeout(() => socket?.close(), 300)
    this.peer?.close()
    this.spoken.close()
    this.microphone.getTracks().forEach((track) => track.stop())
    this.element.srcObject = null
    this.put({ ...this.call, stage: 'over', reason })
  }
}
