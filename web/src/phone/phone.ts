/**
 * The phone with its socket, microphone and loudspeakers: does what the machine says, and tells it what happens. One for the page; it
 * outlives every view of it.
 */
import { Failure, http, take } from '../api/client'
import { readPhoneFrame, type ToService } from '../api/phoneFrames'
import { meter, type Meter } from '../rtc/level'
import { isAllowed, NoMicrophone, openVoice } from '../rtc/microphone'
import { Peer } from '../rtc/peer'
import { between, type Counts } from '../rtc/quality'
import { inUse, listed, playTo, remember, remembered, type Chosen, type Device, type Devices, type Role } from './devices'
import { after, initial, ringing, sounding, type Action, type Input, type Leg, type Purpose, type State } from './machine'
import { play } from './tones'

const QUALITY_MS = 5_000
const OPEN_TIMEOUT_MS = 10_000
/** A way that has been silent for so long is given up before the browser does so itself. */
const SHAKY_MS = 2_500
const TAB = 'hotline.tab'

/** The sound of one leg. */
interface Sound {
  peer: Peer
  element: HTMLAudioElement
  heard?: Meter
  counts?: Counts
  shaky?: ReturnType<typeof setTimeout>
}

export interface Snapshot {
  state: State
  devices: Devices
  chosen: Chosen
}

export interface Ended {
  leg: Leg
  reason: string
  missed: boolean
}

export class Phone {
  private state: State = initial('')
  private snapshot: Snapshot
  private readonly listeners = new Set<() => void>()
  private readonly ends = new Set<(ended: Ended) => void>()
  private readonly sounds = new Map<string, Sound>()
  /** Peer connections that are being made, by leg. */
  private readonly making = new Map<string, Promise<Sound>>()
  private socket: WebSocket | undefined
  private retry: ReturnType<typeof setTimeout> | undefined
  private microphone: MediaStream | undefined
  private opening: Promise<MediaStream> | undefined
  private spoken: Meter | undefined
  private tone: { name: 'ring' | 'ringback'; stop: () => void } | undefined
  private devices: Devices = { microphones: [], speakers: [] }
  private chosen: Chosen = remembered()
  private leaving = new AbortController()
  private shown: Notification | undefined

  constructor() {
    this.snapshot = this.take()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  readonly current = (): Snapshot => this.snapshot

  /** Calls back with each leg that is over. */
  onEnded(listener: (ended: Ended) => void): () => void {
    this.ends.add(listener)
    return () => void this.ends.delete(listener)
  }

  async start(): Promise<void> {
    if (this.state.line !== 'off') return
    this.leaving = new AbortController()
    const { signal } = this.leaving
    const tab = await tabName(signal)
    if (signal.aborted) return
    this.state = initial(tab)
    addEventListener('online', () => this.networkChanged(), { signal })
    const { connection } = navigator as { connection?: EventTarget }
    connection?.addEventListener('change', () => this.networkChanged(), { signal })
    const { mediaDevices } = navigator as Partial<Navigator>
    mediaDevices?.addEventListener('devicechange', () => void this.devicesChanged(), { signal })
    const counting = setInterval(() => void this.measure(), QUALITY_MS)
    signal.addEventListener('abort', () => clearInterval(counting))
    void this.devicesChanged()
    this.tell({ type: 'start' })
  }

  stop(): void {
    this.leaving.abort()
    this.tell({ type: 'stop' })
  }

  /** What a person does, or what happens, goes in here. */
  readonly tell = (input: Input): void => {
    const [state, actions] = after(this.state, input, Date.now())
    this.state = state
    for (const action of actions) this.perform(action)
    this.settle()
  }

  dial(to: string, consults?: string): string {
    const leg = crypto.randomUUID()
    this.tell({ type: 'dial', leg, to, consults })
    return leg
  }

  /** How loud the microphone is, and the far side of a leg: 0 to 1. */
  levels(leg: string): { spoken: number; heard: number } {
    const speaks = this.state.legs.some((each) => each.id === leg && sounding(each).speak)
    return { spoken: speaks ? (this.spoken?.level() ?? 0) : 0, heard: this.sounds.get(leg)?.heard?.level() ?? 0 }
  }

  async choose(role: Role, device: Device | undefined): Promise<void> {
    this.chosen = { ...this.chosen, [role]: device }
    remember(this.chosen)
    this.publish()
    if (role === 'microphone') await this.changeMicrophone()
    else await this.changeSpeakers()
  }

  /** Opens the chosen microphone for a test; the one of a call that goes on is taken as it is. */
  async tryMicrophone(): Promise<{ meter: Meter; close: () => void }> {
    const own = this.microphone
    const stream = own ?? (await openVoice(inUse(this.chosen.microphone, this.devices.microphones)?.id))
    void this.devicesChanged()
    const opened = meter(stream)
    const close = () => {
      opened.close()
      if (!own) stream.getTracks().forEach((track) => track.stop())
    }
    return { meter: opened, close }
  }

  /** Plays a tone for a moment. */
  trySpeaker(role: 'speaker' | 'ringer'): void {
    const stop = play('try', this.deviceFor(role))
    setTimeout(stop, 1_200)
  }

  private deviceFor(role: 'speaker' | 'ringer'): Device | undefined {
    return inUse(this.chosen[role], this.devices.speakers)
  }

  private take(): Snapshot {
    return { state: this.state, devices: this.devices, chosen: this.chosen }
  }

  private publish(): void {
    this.snapshot = this.take()
    this.listeners.forEach((listener) => listener())
  }

  private perform(action: Action): void {
    switch (action.do) {
      case 'connect':
        clearTimeout(this.retry)
        // A little apart, so that a restarted service is not met by every phone in the same instant.
        this.retry = setTimeout(() => this.connect(), action.after_ms * (0.75 + Math.random() / 2))
        return
      case 'disconnect':
        clearTimeout(this.retry)
        return this.disconnect()
      case 'send':
        return this.send(action.frame)
      case 'prepare':
        // Only where the browser asks nobody: a question about the microphone belongs to the press on "answer".
        void isAllowed().then((allowed) => {
          if (!allowed || !this.state.legs.some(({ id }) => id === action.leg)) return
          this.sound(action.leg, false).then(
            ({ peer }) => peer.prepare(),
            () => undefined,
          )
        })
        return
      case 'offer':
        return void this.offer(action.leg, action.for, action.fresh)
      case 'answer':
        this.sounds.get(action.leg)?.peer.answer(action.sdp).catch(() => this.tell({ type: 'media', leg: action.leg, state: 'lost' }))
        return
      case 'key':
        if (this.sounds.get(action.leg)?.peer.press(action.digit) !== true) this.send({ type: 'key', leg: action.leg, digit: action.digit })
        return
      case 'ended': {
        const { leg, reason, missed } = action
        this.silence(leg.id)
        this.ends.forEach((listener) => listener({ leg, reason, missed }))
      }
    }
  }

  /** Has everything sound as the state says: who is heard, who hears, what rings; lets go of the microphone when nobody needs it. */
  private settle(): void {
    const { legs } = this.state
    for (const [id, sound] of this.sounds) {
      const leg = legs.find((each) => each.id === id)
      if (!leg) this.silence(id)
      else {
        const { speak, hear } = sounding(leg)
        sound.peer.speak(speak)
        sound.element.muted = !hear
      }
    }
    if (legs.length === 0) this.letGo()
    this.ring()
    this.publish()
  }

  private ring(): void {
    const offered = ringing(this.state)
    const busy = this.state.legs.some(({ stage }) => stage === 'talking' || stage === 'answering')
    const waiting = this.state.legs.some(({ stage, progress }) => stage === 'dialling' && progress === 'ringing')
    // Nobody wants a bell in the ear while they talk; the page shows it all the same.
    const name = offered && !busy ? 'ring' : waiting ? 'ringback' : undefined
    if (this.tone?.name !== name) {
      this.tone?.stop()
      this.tone = name && { name, stop: play(name, this.deviceFor(name === 'ring' ? 'ringer' : 'speaker')) }
    }
    if (offered) this.notify(offered)
    else {
      this.shown?.close()
      this.shown = undefined
    }
  }

  /** Where another window is in front. The words are the page's, which knows the language. */
  private notify({ id, party, queue }: Leg): void {
    if (this.shown?.tag === id || document.visibilityState === 'visible') return
    if (typeof Notification !== 'function' || Notification.permission !== 'granted' || !this.words) return
    const { title, body } = this.words(party, queue)
    this.shown?.close()
    try {
      const shown = new Notification(title, { body, tag: id, requireInteraction: true, silent: true })
      shown.onclick = () => {
        window.focus()
        shown.close()
      }
      this.shown = shown
    } catch {
      // On some telephones only a service worker may show one.
    }
  }

  /** What a notification of a call says. */
  words: ((party: string, queue: string | undefined) => { title: string; body: string }) | undefined

  private connect(): void {
    this.disconnect()
    const address = new URL('/api/v1/phone', location.href)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    const mine = new WebSocket(address)
    this.socket = mine
    let opened = false
    const late = setTimeout(() => mine.close(), OPEN_TIMEOUT_MS)
    mine.onopen = () => {
      opened = true
      clearTimeout(late)
      if (this.socket === mine) this.tell({ type: 'opened' })
    }
    mine.onmessage = ({ data }) => {
      const frame = typeof data === 'string' ? readPhoneFrame(data) : undefined
      if (!frame || this.socket !== mine) return
      // The page says so, and asks to sign in again.
      if (frame.type === 'signed_out') void isSignedOut()
      this.tell({ type: 'frame', frame })
    }
    mine.onclose = () => {
      clearTimeout(late)
      if (this.socket !== mine) return
      this.socket = undefined
      if (opened) this.tell({ type: 'closed' })
      // A socket that is refused does not say why; a question does.
      else void isSignedOut().then((signedOut) => this.tell({ type: 'closed', signedOut }))
    }
  }

  private disconnect(): void {
    const { socket } = this
    this.socket = undefined
    socket?.close()
  }

  private send(frame: ToService): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame))
  }

  private networkChanged(): void {
    if (this.state.line === 'off' || this.state.line === 'elsewhere') return
    this.tell({ type: 'network' })
    this.tell({ type: 'retry' })
  }

  private async offer(id: string, purpose: Purpose, fresh: boolean): Promise<void> {
    try {
      const sound = await this.sound(id, fresh)
      const sdp = await sound.peer.offer(purpose === 'restart' && !fresh)
      this.tell({ type: 'offered', leg: id, for: purpose, sdp })
    } catch (error) {
      this.tell({ type: 'unavailable', leg: id, for: purpose, reason: error instanceof NoMicrophone ? error.reason : 'broken' })
    }
  }

  /** The sound of a leg; made when there is none yet, or when a new one is wanted. */
  private sound(id: string, fresh: boolean): Promise<Sound> {
    if (fresh) this.silence(id)
    const made = this.making.get(id)
    if (made) return made
    const making = this.open().then((microphone) => {
      const sound = this.attach(id, microphone)
      // It is over while the microphone was being opened.
      if (!this.state.legs.some((leg) => leg.id === id)) this.silence(id)
      if (this.state.legs.length === 0) this.letGo()
      return sound
    })
    this.making.set(id, making)
    making.catch(() => this.making.get(id) === making && this.making.delete(id))
    return making
  }

  private attach(id: string, microphone: MediaStream): Sound {
    const element = new Audio()
    element.autoplay = true
    element.muted = true
    void playTo(element, this.deviceFor('speaker'))
    const peer: Peer = new Peer(this.state.iceServers, microphone, {
      state: (state) => {
        const sound = this.sounds.get(id)
        if (sound?.peer !== peer) return
        clearTimeout(sound.shaky)
        // The browser takes half a minute to give up what a restart mends at once.
        if (state === 'shaky') sound.shaky = setTimeout(() => this.tell({ type: 'media', leg: id, state: 'lost' }), SHAKY_MS)
        // What is counted from now on is judged in five seconds.
        if (state === 'up') void peer.counted().then((counted) => (sound.counts ??= counted)).catch(() => undefined)
        this.tell({ type: 'media', leg: id, state })
      },
      stream: (stream) => {
        const sound = this.sounds.get(id)
        if (sound?.peer !== peer) return
        element.srcObject = stream
        void element.play().catch(() => undefined)
        sound.heard?.close()
        sound.heard = meter(stream)
      },
    })
    const sound: Sound = { peer, element }
    this.sounds.set(id, sound)
    return sound
  }

  private silence(id: string): void {
    this.making.delete(id)
    const sound = this.sounds.get(id)
    if (!sound) return
    this.sounds.delete(id)
    clearTimeout(sound.shaky)
    sound.heard?.close()
    sound.element.srcObject = null
    sound.peer.close()
  }

  private open(): Promise<MediaStream> {
    this.opening ??= openVoice(inUse(this.chosen.microphone, this.devices.microphones)?.id).then((stream) => {
      this.microphone = stream
      this.spoken?.close()
      this.spoken = meter(stream)
      // Unplugged: another takes its place.
      stream.getAudioTracks().forEach((track) => (track.onended = () => this.microphone === stream && void this.changeMicrophone()))
      void this.devicesChanged()
      return stream
    })
    const opening = this.opening
    opening.catch(() => this.opening === opening && (this.opening = undefined))
    return opening
  }

  private letGo(): void {
    // One that is still being opened is let go of once it is there.
    if (!this.microphone) return
    this.spoken?.close()
    this.spoken = undefined
    this.microphone.getTracks().forEach((track) => track.stop())
    this.microphone = undefined
    this.opening = undefined
  }

  private async devicesChanged(): Promise<void> {
    const before = inUse(this.chosen.microphone, this.devices.microphones)?.id
    this.devices = await listed().catch(() => this.devices)
    this.publish()
    if (this.microphone && inUse(this.chosen.microphone, this.devices.microphones)?.id !== before) await this.changeMicrophone()
    await this.changeSpeakers()
  }

  /** Speaks with the microphone that is to be used now; the one before is heard until then. */
  private async changeMicrophone(): Promise<void> {
    const before = this.microphone
    if (!before) return
    try {
      this.opening = undefined
      const next = await this.open()
      await Promise.all([...this.sounds.values()].map(({ peer }) => peer.speakWith(next)))
      before.getTracks().forEach((track) => track.stop())
      // Also lets go of it again, should the call be over meanwhile.
      this.settle()
    } catch (error) {
      const leg = this.state.legs[0]
      if (leg) this.tell({ type: 'unavailable', leg: leg.id, for: 'restart', reason: error instanceof NoMicrophone ? error.reason : 'broken' })
    }
  }

  private async changeSpeakers(): Promise<void> {
    await Promise.all([...this.sounds.values()].map(({ element }) => playTo(element, this.deviceFor('speaker'))))
  }

  private async measure(): Promise<void> {
    for (const [id, sound] of this.sounds) {
      const leg = this.state.legs.find((each) => each.id === id)
      const counted = await sound.peer.counted().catch(() => undefined)
      if (!leg || !counted) continue
      const before = sound.counts
      sound.counts = counted
      // Nothing is sent to whoever waits.
      if (before && leg.stage === 'talking') this.tell({ type: 'quality', leg: id, quality: between(before, counted) })
    }
  }
}

/** Asks who is signed in; when nobody is, the page says so by itself. */
async function isSignedOut(): Promise<boolean> {
  try {
    await take(http.GET('/api/v1/me'))
    return false
  } catch (error) {
    return error instanceof Failure && error.status === 401
  }
}

/**
 * This tab's name, which a reload keeps, so that its calls go on. A tab that was duplicated has the same name in its storage: whoever
 * holds the lock of the name is the one it belongs to.
 */
async function tabName(until: AbortSignal): Promise<string> {
  const { locks } = navigator as Partial<Navigator>
  const hold = (name: string) =>
    new Promise<boolean>((settled) => {
      if (!locks) return settled(true)
      void locks
        .request(`hotline.tab.${name}`, { ifAvailable: true }, (lock) => {
          settled(lock !== null)
          return lock && new Promise((done) => until.addEventListener('abort', done))
        })
        .catch(() => settled(true))
    })
  const stored = sessionStorage.getItem(TAB)
  if (stored !== null && (await hold(stored))) return stored
  const name = crypto.randomUUID()
  sessionStorage.setItem(TAB, name)
  await hold(name)
  return name
}
