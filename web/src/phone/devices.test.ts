import { expect, test } from 'vitest'
import { inUse, isMissing, read, sorted } from './devices'

const headset = { id: 'h', label: 'Headset' }
const builtIn = { id: 'b', label: 'Built-in' }

test('the chosen device is used; without it, the system’s; again when it is plugged in', () => {
  expect(inUse(headset, [builtIn, headset])).toEqual(headset)
  expect(inUse(headset, [builtIn])).toBeUndefined()
  expect([isMissing(headset, [builtIn]), isMissing(headset, [headset]), isMissing(undefined, [builtIn])]).toEqual([true, false, false])
})

test('a device whose id has changed is known by its name, but not one without a name', () => {
  expect(inUse(headset, [{ id: 'new', label: 'Headset' }])).toEqual({ id: 'new', label: 'Headset' })
  expect(inUse({ id: 'x', label: '' }, [{ id: 'y', label: '' }])).toBeUndefined()
})

test('what was remembered is read with care', () => {
  expect(read(JSON.stringify({ microphone: headset, speaker: 7, ringer: { id: 1 } }))).toEqual({ microphone: headset })
  expect([read('{'), read(null)]).toEqual([{}, {}])
})

test('what the system uses anyway is no choice of its own', () => {
  const all = [
    { deviceId: 'default', kind: 'audioinput' as const, label: 'Default' },
    { deviceId: 'h', kind: 'audioinput' as const, label: 'Headset' },
    { deviceId: 's', kind: 'audiooutput' as const, label: 'Speakers' },
    { deviceId: 'c', kind: 'videoinput' as const, label: 'Camera' },
  ]
  expect(sorted(all)).toEqual({ microphones: [headset], speakers: [{ id: 's', label: 'Speakers' }] })
})
