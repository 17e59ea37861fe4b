/** The way to calls: their script is fetched when it is wanted. */
import type * as Calls from './voice/main'

declare global {
  interface Window {
    hotlineVoice?: typeof Calls
  }
}

let loading: Promise<typeof Calls> | undefined

export function calls(server: string): Promise<typeof Calls> {
  loading ??= new Promise((done, failed) => {
    const script = document.createElement('script')
    script.src = `${server}/widget-voice.js`
    script.onload = () => {
      script.remove()
      if (window.hotlineVoice) done(window.hotlineVoice)
      else failed(new Error('not there'))
    }
    script.onerror = () => {
      script.remove()
      loading = undefined
      failed(new Error('not reached'))
    }
    document.head.append(script)
  })
  return loading
}

/** Whether a call of this tab goes on, by what `voice/line.ts` keeps. */
export function callIsKept(): boolean {
  try {
    return sessionStorage.getItem('hotline.call') !== null
  } catch {
    return false
  }
}
