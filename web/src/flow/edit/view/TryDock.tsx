/** What can be done in a tried call, by whoever it waits for: the caller, another service, or an agent. */
import { Button, Input, Space } from 'antd'
import { Grid3x3, MicOff, PhoneOff } from 'lucide-react'
import { useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { agentNews, callNews, type Act, type AgentNews, type Waiting } from '../trial/call'
import { MicrophoneButton, MicrophoneState } from './TryMicrophone'
import { useMicrophone } from './useMicrophone'

interface Props {
  /** Gives whether it was played. */
  act: (act: Act) => Promise<boolean>
}

const PAD = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#']

/** So that the editor's keys are at hand again. */
const leave = (event: KeyboardEvent<HTMLElement>) => {
  if (event.key !== 'Escape') return
  event.stopPropagation()
  if (event.target instanceof HTMLElement) event.target.blur()
}

function Caller({ act, waiting, language }: Props & { waiting: Waiting; language: string }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [keys, setKeys] = useState('')
  const [isPad, setPad] = useState(false)
  const say = async () => {
    if (text.trim() !== '' && (await act({ hear: text.trim() }))) setText('')
  }
  const talk = useMicrophone(waiting, language, async (hear) => {
    // What was said is not lost where it could not be played.
    if (!(await act({ hear }))) setText((now) => now || hear.text)
  })
  const press = async () => {
    if (keys !== '' && (await act({ keys }))) setKeys('')
  }
  return (
    <>
      <Space.Compact block>
        <Input autoFocus value={text} aria-label={t('trial.say')} placeholder={t('trial.say')} onChange={(event) => setText(event.target.value)} onPressEnter={() => void say()} />
        <MicrophoneButton talk={talk} />
        <Button type="primary" disabled={text.trim() === ''} onClick={() => void say()}>
          {t('trial.say_go')}
        </Button>
      </Space.Compact>
      <MicrophoneState state={talk.state} />
      {isPad && (
        <div className="try-pad">
          {PAD.map((key) => (
            <Button key={key} size="small" onClick={() => setKeys(keys + key)}>
              {key}
            </Button>
          ))}
          <Space.Compact block className="try-pad-keys">
            <Input
              value={keys}
              inputMode="tel"
              aria-label={t('trial.keys')}
              placeholder={t('trial.keys')}
              onChange={(event) => setKeys(event.target.value.replaceAll(/[^\d*#]/g, ''))}
              onPressEnter={() => void press()}
            />
            <Button type="primary" disabled={keys === ''} onClick={() => void press()}>
              {t('trial.keys_go')}
            </Button>
          </Space.Compact>
        </div>
      )}
      <div className="row try-acts">
        <Button size="small" icon={<Grid3x3 size={13} />} aria-expanded={isPad} onClick={() => setPad(!isPad)}>
          {t('trial.pad')}
        </Button>
        <Button size="small" icon={<MicOff size={13} />} onClick={() => void act({ silence: 1 })}>
          {t('trial.silence')}
        </Button>
        <HangUp act={act} />
      </div>
    </>
  )
}

function HangUp({ act }: Props) {
  const { t } = useTranslation()
  return (
    <Button size="small" icon={<PhoneOff size={13} />} onClick={() => void act({ hang_up: true })}>
      {t('trial.hang_up')}
    </Button>
  )
}

function parsed(text: string): { body?: unknown } | undefined {
  if (text.trim() === '') return {}
  try {
    return { body: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function Reply({ act, method, url }: Props & { method: string; url: string }) {
  const { t } = useTranslation()
  const [status, setStatus] = useState('200')
  const [text, setText] = useState('')
  const body = parsed(text)
  const isStatus = /^[1-5]\d\d$/.test(status)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (body && isStatus) void act({ http: { status: Number(status), ...body } })
      }}
    >
      <p>{t('trial.asks')}</p>
      <code className="try-url">
        {method} {url}
      </code>
      <Input.TextArea
        autoFocus
        rows={4}
        className="mono"
        value={text}
        status={body ? '' : 'error'}
        aria-label={t('trial.body')}
        placeholder={'{"status": "shipped"}'}
        onChange={(event) => setText(event.target.value)}
      />
      {!body && <span className="bad">{t('trial.no_json')}</span>}
      <div className="row try-acts">
        <Input className="try-status" inputMode="numeric" value={status} status={isStatus ? '' : 'error'} aria-label={t('trial.status')} title={t('trial.status')} onChange={(event) => setStatus(event.target.value)} />
        <Button htmlType="submit" type="primary" disabled={!body || !isStatus}>
          {t('trial.reply_go')}
        </Button>
        <Button onClick={() => void act({ http: { fail: 'timeout' } })}>
          {t('trial.no_reply')}
        </Button>
      </div>
    </form>
  )
}

function Agent({ act, queue, isBridged, isCalled }: Props & { queue: string; isBridged: boolean; isCalled: boolean }) {
  const { t } = useTranslation()
  const all: readonly AgentNews[] = isBridged ? ['agent_ended'] : isCalled ? callNews : agentNews
  return (
    <>
      {!isBridged && <p>{isCalled ? t('trial.waits_called', { to: queue }) : t('trial.waits_agent', { queue })}</p>}
      <div className="row try-acts">
        {all.map((news, index) => (
          <Button key={news} size="small" autoFocus={index === 0} onClick={() => void act({ agent: news })}>
            {t(`trial.${isCalled ? 'called' : 'agent'}.${news}`)}
          </Button>
        ))}
        <HangUp act={act} />
      </div>
    </>
  )
}

interface DockProps extends Props {
  waiting: Waiting | null
  /** The step before. */
  last: Act | undefined
  /** One person is called, not a queue. */
  isCalled: boolean
  language: string
}

export function Dock({ waiting, last, isCalled, language, act }: DockProps) {
  const { t } = useTranslation()
  const key = waiting?.for
  return (
    <div className="try-dock" data-own-undo data-waiting={key} onKeyDown={leave}>
      {waiting?.for === 'caller' && <Caller act={act} waiting={waiting} language={language} />}
      {waiting?.for === 'reply' && <Reply key={waiting.url} act={act} method={waiting.method} url={waiting.url} />}
      {waiting?.for === 'agent' && <Agent act={act} queue={waiting.queue} isBridged={last?.agent === 'bridged'} isCalled={isCalled} />}
      {waiting?.for === 'over' && (
        <p role="status">
          {t('trial.over')} <strong>{t(`outcome.${waiting.outcome}`)}</strong>
        </p>
      )}
    </div>
  )
}
