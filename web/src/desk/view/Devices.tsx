/** Microphone, loudspeaker and ringer, to be tried before the first caller hears how they sound. */
import { Button, Select } from 'antd'
import { Mic, Volume2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Bar } from '../../phone/view/Meters'
import { canChooseSpeaker, inUse, isMissing, type Device, type Role } from '../../phone/devices'
import { phone, usePhone } from '../../phone/usePhone'
import { NoMicrophone, type NoMicrophoneReason } from '../../rtc/microphone'
import type { Meter } from '../../rtc/level'

/** From here on a voice has been heard. */
const HEARD = 0.25

function Choice({ role, devices }: { role: Role; devices: readonly Device[] }) {
  const { t } = useTranslation()
  const { chosen } = usePhone()
  const wanted = chosen[role]
  const missing = isMissing(wanted, devices)
  const used = inUse(wanted, devices)
  const options = [
    { value: '', label: t('desk.system_device') },
    ...devices.map(({ id, label }, index) => ({ value: id, label: label || t('desk.unnamed_device', { number: index + 1 }) })),
  ]
  return (
    <>
      <Select<string>
        className="device-choice"
        variant="filled"
        value={used?.id ?? ''}
        aria-label={t(`desk.${role}`)}
        options={options}
        onChange={(id) => void phone.choose(role, devices.find((device) => device.id === id))}
      />
      {missing && wanted && <p className="device-missing">{t('desk.device_missing', { name: wanted.label })}</p>}
    </>
  )
}

function TryMicrophone() {
  const { t } = useTranslation()
  const [opened, setOpened] = useState<{ meter: Meter; close: () => void }>()
  const [works, setWorks] = useState(false)
  const [reason, setReason] = useState<NoMicrophoneReason>()
  useEffect(() => () => opened?.close(), [opened])
  const begin = () => {
    setWorks(false)
    setReason(undefined)
    phone.tryMicrophone().then(setOpened, (error: unknown) => setReason(error instanceof NoMicrophone ? error.reason : 'broken'))
  }
  const level = () => {
    const now = opened?.meter.level() ?? 0
    if (now > HEARD) setWorks(true)
    return now
  }
  return (
    <>
      <Button size="small" icon={<Mic size={14} />} aria-pressed={opened !== undefined} onClick={() => (opened ? setOpened(undefined) : begin())}>
        {t(opened ? 'desk.test_stop' : 'desk.test_microphone')}
      </Button>
      {opened && (
        <div className="device-level">
          <Bar level={level} />
          <p className={works ? 'good' : 'muted'} role="status">
            {t(works ? 'desk.test_works' : 'desk.test_speak')}
          </p>
        </div>
      )}
      {reason !== undefined && (
        <p className="device-missing" role="alert">
          {t(`phone.trouble.${reason}`)}
        </p>
      )}
    </>
  )
}

function Notify() {
  const { t } = useTranslation()
  const [permission, setPermission] = useState(() => (typeof Notification === 'function' ? Notification.permission : 'denied'))
  if (typeof Notification !== 'function') return null
  return (
    <div className="device">
      <span className="spread muted">{t(permission === 'granted' ? 'desk.notify_on' : permission === 'denied' ? 'desk.notify_denied' : 'desk.notify_help')}</span>
      {permission === 'default' && (
        <Button size="small" onClick={() => void Notification.requestPermission().then(setPermission)}>
          {t('desk.notify')}
        </Button>
      )}
    </div>
  )
}

export function Devices() {
  const { t } = useTranslation()
  const { devices } = usePhone()
  const speakers = canChooseSpeaker()
  const tone = (role: 'speaker' | 'ringer') => (
    <Button size="small" icon={<Volume2 size={14} />} aria-label={`${t('desk.play_tone')}: ${t(`desk.${role}`)}`} onClick={() => phone.trySpeaker(role)}>
      {t('desk.play_tone')}
    </Button>
  )
  return (
    <section className="panel devices">
      <h2>{t('desk.headset')}</h2>
      <p className="muted">{t('desk.headset_help')}</p>
      <div className="device">
        <span className="device-name">{t('desk.microphone')}</span>
        <Choice role="microphone" devices={devices.microphones} />
        <TryMicrophone />
      </div>
      {speakers ? (
        (['speaker', 'ringer'] as const).map((role) => (
          <div key={role} className="device">
            <span className="device-name">{t(`desk.${role}`)}</span>
            <Choice role={role} devices={devices.speakers} />
            {tone(role)}
          </div>
        ))
      ) : (
        <div className="device">
          <span className="device-name">{t('desk.speaker')}</span>
          <span className="muted spread">{t('desk.speaker_fixed')}</span>
          {tone('speaker')}
        </div>
      )}
      <Notify />
    </section>
  )
}
