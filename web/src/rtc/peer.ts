/**
 * One telephone call's sound over WebRTC. We always offer and the service always answers; an offer goes out whole, when all
 * ways to reach us are known or half a second has passed. What a call is, and when it begins, is somebody else's affair.
 */
import { counts, type Counts } from './quality'

/** `up`: sound flows. `shaky`: nothing has come for a moment. `lost`: it will not come back by itself. */
export type MediaState = 'up' | 'shaky' | 'lost'

/** The service has one address, so the first way that is found will do. */
const GATHER_MS = 500
const KEY_MS = 120
const KEY_GAP_MS = 70

export interface Heard {
  state: (state: MediaState) => void
  /** The far side's sound is there. */
  stream: (stream: MediaStream) => void
}

const states: Partial<Record<RTCPeerConnectionState, MediaState>> = { connected: 'up', disconnected: 'shaky', failed: 'lost' }

export class Peer {
  private readonly connection: RTCPeerConnection
  private readonly sender: RTCRtpSender
  /** What is done to the connection, one thing after the other. */
  private turn: Promise<unknown> = Promise.resolve()
  private wanted = true
  /** An offer that was made before anybody asked for one. */
  private ready: Promise<string> | undefined

  constructor(iceServers: RTCIceServer[], microphone: MediaStream, on: Heard) {
    this.connection = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' })
    const [track] = microphone.getAudioTracks()
    const transceiver = this.connection.addTransceiver(track ?? 'audio', { direction: 'sendrecv', streams: [microphone] })
    this.sender = transceiver.sender
    this.connection.ontrack = ({ track: heard, streams: [stream] }) => on.stream(stream ?? new MediaStream([heard]))
    this.connection.onconnectionstatechange = () => {
      const state = states[this.connection.connectionState]
      if (state) on.state(state)
    }
  }

  /** Makes the first offer, so that it is there when it is wanted. */
  prepare(): void {
    this.ready ??= this.make(false)
    this.ready.catch(() => (this.ready = undefined))
  }

  /** An offer to be sent. One that was sent before and never answered is taken back. */
  offer(restart = false): Promise<string> {
    const { ready } = this
    this.ready = undefined
    return ready ?? this.make(restart)
  }

  private make(restart: boolean): Promise<string> {
    return this.next(async () => {
      const { connection } = this
      if (connection.signalingState === 'have-local-offer') await connection.setLocalDescription({ type: 'rollback' })
      await connection.setLocalDescription(await connection.createOffer({ iceRestart: restart }))
      await gathered(connection)
      return connection.localDescription?.sdp ?? ''
    })
  }

  answer(sdp: string): Promise<void> {
    return this.next(async () => {
      // The answer to an offer that was taken back.
      if (this.connection.signalingState !== 'have-local-offer') return
      await this.connection.setRemoteDescription({ type: 'answer', sdp })
    })
  }

  /** Another microphone, without a gap: the one before is heard until this one is. */
  async speakWith(microphone: MediaStream): Promise<void> {
    const [track] = microphone.getAudioTracks()
    if (!track) return
    track.enabled = this.wanted
    await this.sender.replaceTrack(track)
  }

  /** Whether the far side hears us. Silence is sent meanwhile. */
  speak(on: boolean): void {
    this.wanted = on
    if (this.sender.track) this.sender.track.enabled = on
  }

  /** Presses a key as sound's companion (RFC 4733); false when the call does not take keys. */
  press(digit: string): boolean {
    const { dtmf } = this.sender
    if (!dtmf?.canInsertDTMF) return false
    // What is still to be sent goes first.
    dtmf.insertDTMF(dtmf.toneBuffer + digit, KEY_MS, KEY_GAP_MS)
    return true
  }

  async counted(): Promise<Counts | undefined> {
    const reports = await this.connection.getStats()
    const all: Record<string, unknown>[] = []
    reports.forEach((report) => all.push(report as Record<string, unknown>))
    return counts(all, performance.now())
  }

  close(): void {
    this.connection.ontrack = null
    this.connection.onconnectionstatechange = null
    this.connection.close()
  }

  private next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work, work)
    this.turn = done.catch(() => undefined)
    return done
  }
}

function gathered(connection: RTCPeerConnection): Promise<void> {
  return new Promise((done) => {
    const finish = () => {
      clearTimeout(late)
      connection.removeEventListener('icegatheringstatechange', look)
      done()
    }
    const look = () => connection.iceGatheringState === 'complete' && finish()
    const late = setTimeout(finish, GATHER_MS)
    connection.addEventListener('icegatheringstatechange', look)
    look()
  })
}
