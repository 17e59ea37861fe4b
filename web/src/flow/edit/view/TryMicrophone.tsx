/** The microphone of a tried call: a button to hold or to click, how loud it is, and what becomes of what is said. */
import { Button } from 'antd'
import { Mic, Square } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useReason } from '../../../components/Bits'
import type { MicrophoneState as State } from '../trial/microphone'
import type { Talk } from './useMicrophone'

const isPress = ({ key }: KeyboardEvent) => key === ' ' || key === 'Enter'

export function MicrophoneButton({ talk: { state, press, release, leave } }: { talk: Talk }) {
  const { t } = useTranslation()
  const isOn = state.at === 'recording'
  const keyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && state.at !== 'rest') {
      event.stopPropagation()
      leave()
    }
    if (!isPress(event)) return
    event.preventDefault()
    if (!event.repeat) press()
  }
  const keyUp = (event: KeyboardEvent) => {
    if (!isPress(event)) return
    event.preventDefault()
    release()
  }
  return (
    <Button
      className="try-mic"
      danger={isOn}
      icon={isOn ? <Square size={13} fill="currentColor" /> : <Mic size={15} />}
      loading={state.at === 'asking' || state.at === 'hearing'}
      aria-label={t('trial.mic.talk')}
      title={t('trial.mic.help')}
      aria-pressed={isOn}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        // It is let go of wherever the pointer is by then.
        event.currentTarget.setPointerCapture(event.pointerId)
        press()
      }}
      onPointerUp={release}
      onLostPointerCapture={release}
      onKeyDown={keyDown}
      onKeyUp={keyUp}
      onBlur={release}
      onContextMenu={(event) => event.preventDefault()}
      onClick={({ detail }) => {
        // Neither by a pointer nor by a key, but by a program that reads the page to somebody.
        if (detail !== 0) return
        press()
        release()
      }}
    />
  )
}

/** What has come of it; nothing as long as nobody has talked. */
function useWords(state: State): string | undefined {
  const { t } = useTranslation()
  const reason = useReason()
  if (state.at !== 'rest') return t(`trial.mic.${state.at}`)
  if (state.nothing?.kind === 'unheard') return reason(state.nothing.error)
  return state.nothing && t(`trial.mic.${state.nothing.kind}`)
}

export function MicrophoneState({ state }: { state: State }) {
  const { t } = useTranslation()
  const text = useWords(state)
  const isBad = state.at === 'rest' && state.nothing !== undefined && state.nothing.kind !== 'silence'
  return (
    <div className="try-heard" data-mic={state.at}>
      <div>
        <p className={isBad ? 'bad' : undefined} role="status">
          {text}
        </p>
        {text === undefined && <p>{t('trial.mic.help')}</p>}
      </div>
      {state.at === 'recording' && (
        <span className="try-level" aria-hidden>
          <i style={{ transform: `scaleX(${state.level})` }} />
        </span>
      )}
    </div>
  )
}
