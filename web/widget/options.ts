/** What the page says about the widget, as attributes of its script. */
import { languageOf, type Language } from './words'

export type Mode = 'chat' | 'tap'

export interface Options {
  /** Where the service is. */
  server: string
  mode: Mode
  language: Language
  /** In place of the widget's own. */
  title: string | undefined
  /** The accent, as #rrggbb. */
  colour: string | undefined
  /** A page about privacy. */
  privacy: string | undefined
  /** In place of what the visitor's system wants. */
  theme: 'light' | 'dark' | undefined
  left: boolean
  /** Visitors can call: beside the chat, or in place of it. */
  call: 'beside' | 'only' | undefined
  /** Open from the start. */
  open: boolean
  /** The page is nothing else. */
  whole: boolean
}

/** An address that a link may have: nothing that runs. */
function link(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address, location.href)) return undefined
  const url = new URL(address, location.href)
  return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : undefined
}

export function options(script: HTMLScriptElement): Options {
  const { mode, language, title, color, privacy, theme, side, open, whole, call } = script.dataset
  // The widget's own pages are in the browser's language, or the one that their address names.
  const asked = whole === undefined ? undefined : new URLSearchParams(location.search).get('lang')
  return {
    server: new URL(script.src).origin,
    mode: mode === 'tap' ? 'tap' : 'chat',
    language: languageOf(language, asked, document.documentElement.lang, navigator.language),
    title: title === '' ? undefined : title,
    colour: color !== undefined && /^#[0-9a-f]{6}$/i.test(color) ? color : undefined,
    privacy: link(privacy),
    theme: theme === 'light' || theme === 'dark' ? theme : undefined,
    left: side === 'left',
    call: call === undefined ? undefined : call === 'only' ? 'only' : 'beside',
    open: open !== undefined || whole !== undefined,
    whole: whole !== undefined,
  }
}

/** Black or white, whichever is easier to read on this colour (WCAG 2.2, relative luminance). */
export function readableOn(colour: string): '#000' | '#fff' {
  const channel = (at: number) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
  // The contrast with white, and that with black.
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#fff' : '#000'
}
