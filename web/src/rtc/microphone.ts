/** The microphone, as the browser gives it; and why it does not, in a word that a sentence can be made of. */

/** `old`: the browser cannot telephone at all. `insecure`: it only does on pages that nobody on the way could have changed. */
export type NoMicrophoneReason = 'old' | 'insecure' | 'refused' | 'missing' | 'taken' | 'broken'

export class NoMicrophone extends Error {
  constructor(readonly reason: NoMicrophoneReason) {
    super(reason)
  }
}

/** From the name of what `getUserMedia` throws. */
export function reasonOf(name: string): NoMicrophoneReason {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'refused'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing'
    case 'NotReadableError':
    case 'AbortError':
      return 'taken'
    default:
      return 'broken'
  }
}

/** What keeps this browser from telephoning at all, before anybody is asked for anything. */
export function hindrance(): 'old' | 'insecure' | undefined {
  if (!window.isSecureContext) return 'insecure'
  const { mediaDevices } = navigator as Partial<Navigator>
  const speaks = typeof RTCPeerConnection === 'function' && typeof WebSocket === 'function' && mediaDevices !== undefined
  return speaks ? undefined : 'old'
}

const VOICE: MediaTrackConstraints = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true }

/** Opens a microphone: the one of this id, or another when it is not there (any more). */
export async function openVoice(id?: string): Promise<MediaStream> {
  const hindered = hindrance()
  if (hindered) throw new NoMicrophone(hindered)
  const open = (audio: MediaTrackConstraints) => navigator.mediaDevices.getUserMedia({ audio })
  try {
    if (id === undefined) return await open(VOICE)
    try {
      return await open({ ...VOICE, deviceId: { exact: id } })
    } catch (error) {
      if (reasonOf(error instanceof Error ? error.name : '') === 'refused') throw error
      return await open(VOICE)
    }
  } catch (error) {
    throw new NoMicrophone(reasonOf(error instanceof Error ? error.name : ''))
  }
}

/** Whether the browser would give the microphone without asking anybody. */
export async function isAllowed(): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: 'microphone' })
    return state === 'granted'
  } catch {
    // Some browsers do not tell.
    return false
  }
}
