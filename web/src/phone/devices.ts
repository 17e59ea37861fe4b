/**
 * Which microphone, loudspeaker and ringer: chosen once, remembered by id, with another in its place while the chosen one is not
 * plugged in. What is plugged in while a call goes on counts at once.
 */

export type Role = 'microphone' | 'speaker' | 'ringer'

export interface Device {
  id: string
  /** Empty until the browser was allowed to tell. */
  label: string
}

export interface Devices {
  microphones: readonly Device[]
  speakers: readonly Device[]
}

/** What somebody chose; of a device that is remembered by name, too: browsers change ids when they forget a site. */
export type Chosen = Partial<Record<Role, Device>>

const KEY = 'hotline.devices'
/** The browser's names for whatever the system uses now. */
const SYSTEMS = new Set(['default', 'communications', ''])

/** The device to use: the chosen one by id, else one of its name, else what the system uses (nothing). */
export function inUse(wanted: Device | undefined, there: readonly Device[]): Device | undefined {
  if (!wanted) return undefined
  return there.find(({ id }) => id === wanted.id) ?? there.find(({ label }) => label !== '' && label === wanted.label)
}

/** Whether somebody chose a device that is not plugged in. */
export const isMissing = (wanted: Device | undefined, there: readonly Device[]): boolean =>
  wanted !== undefined && there.length > 0 && inUse(wanted, there) === undefined

const isDevice = (value: unknown): value is Device =>
  typeof value === 'object' && value !== null && typeof (value as Device).id === 'string' && typeof (value as Device).label === 'string'

export function read(text: string | null): Chosen {
  try {
    const found = JSON.parse(text ?? '{}') as Record<string, unknown>
    const roles: Role[] = ['microphone', 'speaker', 'ringer']
    return Object.fromEntries(roles.filter((role) => isDevice(found[role])).map((role) => [role, found[role]]))
  } catch {
    return {}
  }
}

export const remembered = (): Chosen => read(localStorage.getItem(KEY))

export const remember = (chosen: Chosen): void => localStorage.setItem(KEY, JSON.stringify(chosen))

/** Those that can be chosen; the system's own choice is not one of them, since choosing nothing means it. */
export function sorted(all: readonly Pick<MediaDeviceInfo, 'deviceId' | 'kind' | 'label'>[]): Devices {
  const of = (kind: MediaDeviceKind) =>
    all.filter((device) => device.kind === kind && !SYSTEMS.has(device.deviceId)).map(({ deviceId: id, label }) => ({ id, label }))
  return { microphones: of('audioinput'), speakers: of('audiooutput') }
}

export async function listed(): Promise<Devices> {
  const { mediaDevices } = navigator as Partial<Navigator>
  return mediaDevices ? sorted(await mediaDevices.enumerateDevices()) : { microphones: [], speakers: [] }
}

/** Whether this browser can play to another loudspeaker than the system's. */
export const canChooseSpeaker = (): boolean => typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype

/** Has an element play to a device; where that cannot be, it plays to the system's. */
export async function playTo(element: HTMLMediaElement, device: Device | undefined): Promise<void> {
  if (!canChooseSpeaker()) return
  try {
    await element.setSinkId(device?.id ?? '')
  } catch {
    await element.setSinkId('').catch(() => undefined)
  }
}
