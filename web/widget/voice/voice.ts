/** A call on a visitor's page: first the microphone, with a meter; then the call with captions, keys and what can be done. */
import { meter, type Meter } from '../../src/rtc/level'
import { isAllowed, NoMicrophone, openVoice } from '../../src/rtc/microphone'
import { h, icon } from '../dom'
import type { Language } from '../words'
import { kept, Line, type Kept } from './line'
import en from './locales/en.json'
import zh from './locales/zh-CN.json'
import type { Call, Caption } from './state'
import { style } from './style'

type Word = keyof typeof en

export interface Surroundings {
  server: string
  language: Language
  root: ShadowRoot
  /** Back to where one can choose. */
  back: () => void
  /** Where there is a chat, too. */
  chat?: () => void
  /** A call goes on, or does not any more. */
  running: (is: boolean) => void
}

let looks: CSSStyleSheet | undefined

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#']
const EVERY_MS = 66
const HEARD = 0.25

/** Whether a call of this tab waits to be taken up again. */
export const waiting = (server: string): boolean => kept(server) !== undefined

const clock = (ms: number) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1_000) % 60).padStart(2, '0')}`

export class Voice {
  readonly element: HTMLElement = h('div', { class: 'voice' })
  private line: Line | undefined
  private timer: ReturnType<typeof setInterval> | undefined
  private draw: (() => void) | undefined
  private closeTest: (() => void) | undefined

  constructor(private readonly around: Surroundings) {
    looks ??= new CSSStyleSheet()
    looks.replaceSync(style)
    const others = around.root.adoptedStyleSheets.filter((sheet) => sheet !== looks)
    around.root.adoptedStyleSheets = [...others, looks]
    const before = kept(around.server)
    if (before) void this.goOn(before)
    else void this.check()
  }

  focus(): void {
    this.element.querySelector<HTMLElement>('[data-first]')?.focus()
  }

  private say(word: Word, values: Record<string, string | number> = {}): string {
    const all: Record<Word, string> = this.around.language === 'zh-CN' ? zh : en
    return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, String(value)), all[word])
  }

  private show(...children: (Node | undefined)[]): void {
    clearInterval(this.timer)
    this.draw = undefined
    const hadFocus = this.element.contains(this.around.root.activeElement)
    this.element.replaceChildren(...children.filter((child) => child !== undefined))
    if (hadFocus) this.focus()
  }

  private button(word: Word, kind: 'primary' | 'second', click: () => void, first = false): HTMLButtonElement {
    return h('button', { type: 'button', class: kind, click, 'data-first': first }, this.say(word))
  }

  /** The microphone, before anybody is called. */
  private async check(): Promise<void> {
    const mark = () => h('div', { class: 'mark' }, icon('call'))
    const back = () => {
      this.closeTest?.()
      this.around.back()
    }
    const allowed = await isAllowed()
    if (!allowed) {
      this.show(h('div', { class: 'check' }, mark(), h('p', { class: 'intro', role: 'status', tabindex: -1, 'data-first': true }, this.say('asking')), h('div', { class: 'actions' }, this.button('back', 'second', back))))
    }
    this.focus()
    let stream: MediaStream
    try {
      stream = await openVoice()
    } catch (error) {
      return this.refused(error instanceof NoMicrophone ? error.reason : 'broken', back)
    }
    const heard = meter(stream)
    this.closeTest = () => {
      this.closeTest = undefined
      heard.close()
      stream.getTracks().forEach((track) => track.stop())
    }
    const words = h('p', { class: 'intro', role: 'status' }, this.say('check'))
    const bar = this.bar()
    const call = this.button(
      'call',
      'primary',
      () => {
        heard.close()
        this.closeTest = undefined
        this.begin(stream)
      },
      true,
    )
    this.show(h('div', { class: 'check' }, mark(), words, bar.element, h('div', { class: 'actions' }, call, this.button('back', 'second', back))))
    this.focus()
    this.follow(heard, bar, (level) => {
      if (level > HEARD && words.textContent !== this.say('works')) words.textContent = this.say('works')
    })
  }

  private refused(reason: Word, back: () => void): void {
    const { chat } = this.around
    const again = reason !== 'old' && reason !== 'insecure'
    this.show(
      h(
        'div',
        { class: 'check' },
        h('p', { class: 'intro', role: 'alert' }, this.say(reason)),
        h(
          'div',
          { class: 'actions' },
          again && this.button('try_again', 'primary', () => void this.check(), true),
          chat && this.button('chat_instead', again ? 'second' : 'primary', chat, !again),
          this.button('back', 'second', back, !again && !chat),
        ),
      ),
    )
    this.focus()
  }

  private begin(stream: MediaStream): void {
    this.line = new Line(this.around.server, stream, (call) => this.changed(call))
    this.around.running(true)
    this.talk(this.line)
    void this.line.begin(this.around.language)
  }

  private async goOn(before: Kept): Promise<void> {
    try {
      const stream = await openVoice()
      this.line = new Line(this.around.server, stream, (call) => this.changed(call))
      this.around.running(true)
      this.talk(this.line)
      this.line.goOn(before)
    } catch (error) {
      this.refused(error instanceof NoMicrophone ? error.reason : 'broken', this.around.back)
    }
  }

  private changed(call: Call): void {
    if (call.stage === 'over') return this.over(call)
    this.draw?.()
  }

  private bar(): { element: HTMLElement; put: (level: number) => void } {
    const fill = h('i')
    return { element: h('span', { class: 'level', 'aria-hidden': 'true' }, fill), put: (level) => (fill.style.transform = `scaleX(${level.toFixed(3)})`) }
  }

  private follow(of: { level: () => number } | Meter, bar: { put: (level: number) => void }, also?: (level: number) => void): void {
    let shown = 0
    this.timer = setInterval(() => {
      const now = of.level()
      shown = now > shown ? now : shown * 0.8 + now * 0.2
      bar.put(shown)
      also?.(now)
    }, EVERY_MS)
  }

  private talk(line: Line): void {
    const who = h('p', { class: 'who', role: 'status', tabindex: -1, 'data-first': true })
    const more = h('p', { class: 'more', role: 'status' })
    const time = h('span', { class: 'time', role: 'timer' })
    const warn = h('p', { class: 'warn', role: 'alert', hidden: true })
    const log = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': this.say('captions'), tabindex: 0 })
    // What changes with every word is for the eye; the log has it once it is said.
    const partial = h('div', { 'aria-hidden': 'true', hidden: true })
    const bar = this.bar()
    const pad = this.pad(line)
    const muteWords = h('span', {}, this.say('mute'))
    const mute = h('button', { type: 'button', 'aria-pressed': 'false', click: () => line.mute(!line.muted) }, icon('mute'), muteWords)
    const keys = h(
      'button',
      {
        type: 'button',
        'aria-expanded': 'false',
        click: () => {
          pad.hidden = !pad.hidden
          keys.setAttribute('aria-expanded', String(!pad.hidden))
          log.scrollTop = log.scrollHeight
          if (!pad.hidden) pad.querySelector('button')?.focus()
        },
      },
      icon('pad'),
      this.say('keypad'),
    )
    const end = h('button', { type: 'button', class: 'end', click: () => line.hangUp() }, icon('end'), this.say('hang_up'))
    const drawn = new Map<number, HTMLElement>()

    this.show(
      h('div', { class: 'now' }, h('div', {}, who, more), time),
      warn,
      log,
      h('div', { class: 'own', title: this.say('your_voice') }, bar.element),
      pad,
      h('div', { class: 'hands' }, mute, keys, end),
    )
    this.draw = () => {
      const { call } = line
      const [name, place] = this.standing(call)
      if (who.textContent !== name) who.textContent = name
      if (more.textContent !== place) more.textContent = place
      mute.setAttribute('aria-pressed', String(line.muted))
      muteWords.textContent = this.say(line.muted ? 'unmute' : 'mute')
      const falters = call.stage === 'talking' && (!call.connected || call.media === 'shaky' || call.media === 'lost')
      const warning = falters ? this.say('reconnecting') : line.muted ? this.say('muted') : ''
      warn.hidden = warning === ''
      if (warn.textContent !== warning) warn.textContent = warning
      const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60
      for (const caption of call.captions) {
        if (!caption.final || drawn.has(caption.seq) || caption.text === '') continue
        const element = this.caption(caption)
        drawn.set(caption.seq, element)
        log.insertBefore(element, partial.parentElement === log ? partial : null)
      }
      const saying = call.captions.findLast(({ final, text }) => !final && text !== '')
      partial.hidden = saying === undefined
      if (saying) {
        partial.className = `said partial ${saying.who}`
        partial.replaceChildren(h('b', {}, this.say(saying.who)), saying.text)
        log.append(partial)
      }
      if (atEnd) log.scrollTop = log.scrollHeight
    }
    this.draw()
    this.focus()
    this.follow(line, bar, () => {
      const { since } = line.call
      const shown = since === undefined ? '' : clock(Date.now() - since)
      if (time.textContent !== shown) time.textContent = shown
    })
  }

  private standing(call: Call): [string, string] {
    if (call.stage === 'calling') return [this.say('calling'), '']
    if (call.with !== 'queue') return [this.say(call.with === 'agent' ? 'with_agent' : 'with_bot'), '']
    const place = call.position === undefined ? [] : [this.say('with_queue_place', { position: call.position })]
    const minutes = call.wait_s === undefined ? undefined : Math.round(call.wait_s / 60)
    const wait = minutes === undefined ? [] : [minutes < 1 ? this.say('wait_now') : this.say('wait_short', { minutes })]
    return [this.say('with_queue'), [...place, ...wait].join(' · ')]
  }

  private caption({ who, text }: Caption): HTMLElement {
    return h('p', { class: `said ${who}` }, h('b', {}, this.say(who)), text)
  }

  private pad(line: Line): HTMLElement {
    return h(
      'div',
      {
        class: 'pad',
        role: 'group',
        'aria-label': this.say('keypad'),
        hidden: true,
        keydown: (event: KeyboardEvent) => {
          if (event.ctrlKey || event.metaKey || event.altKey || !DIGITS.includes(event.key)) return
          event.preventDefault()
          line.press(event.key)
        },
      },
      ...DIGITS.map((digit) => h('button', { type: 'button', 'aria-label': this.say('key', { digit }), click: () => line.press(digit) }, digit)),
    )
  }

  private over(call: Call): void {
    this.line = undefined
    this.around.running(false)
    const reason = `end_${call.reason ?? ''}`
    const normal = call.since !== undefined && !Object.hasOwn(en, reason)
    const words = normal ? this.say('over') : this.say(Object.hasOwn(en, reason) ? (reason as Word) : 'end_other')
    const said = call.captions.filter(({ text }) => text !== '')
    const { chat } = this.around
    this.show(
      said.length > 0 ? h('div', { class: 'log', role: 'log', 'aria-label': this.say('captions'), tabindex: 0 }, ...said.map((caption) => this.caption(caption))) : undefined,
      h(
        'div',
        { class: said.length > 0 ? 'check over' : 'check' },
        h('p', { class: 'intro', role: 'status' }, words),
        h(
          'div',
          { class: 'actions' },
          this.button('again', 'primary', () => void this.check(), true),
          chat && !normal && this.button('chat_instead', 'second', chat),
          this.button('back', 'second', this.around.back),
        ),
      ),
    )
    const log = this.element.querySelector('.log')
    if (log) log.scrollTop = log.scrollHeight
    this.focus()
  }
}
