/** The widget: its frame, and the one chat in it. What is inside the frame is drawn by `typing.ts` and `tapping.ts`. */
import { callIsKept, calls } from './call'
import { Client, Failure } from './client'
import { h, icon } from './dom'
import { keep, kept, type Kept } from './kept'
import type { Said } from './messages'
import { readableOn, type Mode, type Options } from './options'
import { after, empty, failed, sending, withdrawn, type Chat } from './state'
import { style } from './style'
import { Tapping } from './tapping'
import { Typing } from './typing'
import type { Voice } from './voice/main'
import { isWord, words, type Words } from './words'

/** What a visitor says, before it has a name. */
export type Answer = { text: string } | { key: string } | { choice: number; question: number }

/** What a way of answering shows and does. */
export interface Way {
  element: HTMLElement
  show: (chat: Chat) => void
  /** Where the keyboard goes when it has nowhere to be. */
  focus: () => void
}

export interface Hands {
  say: Words
  /** Sends an answer; `shown` stands in the chat until it has arrived. */
  answer: (answer: Answer, shown: string) => void
  resend: (said: Said, shown: string) => void
  again: () => void
}

export class Widget {
  private readonly root: ShadowRoot
  private readonly frame: HTMLElement
  private readonly say: Words
  private readonly client: Client
  private chat: Chat = empty
  private session: Kept | undefined
  private mode: Mode
  private way: Way | undefined
  private panel: HTMLElement | undefined
  private launcher: HTMLButtonElement | undefined
  private stop: (() => void) | undefined
  /** The call, while one is made ready or goes on. */
  private voice: Voice | undefined
  private calling = false
  private connection: HTMLElement | undefined
  /** Counts what was said; with the token it gives each message a name of its own. */
  private sent = 0

  constructor(private readonly options: Options) {
    this.say = words(options.language)
    this.client = new Client(options.server)
    this.mode = options.mode
    const host = h('hotline-chat' as 'div')
    this.root = host.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(style)
    this.root.adoptedStyleSheets = [sheet]
    const places = ['frame', options.whole && 'whole', options.left && 'left']
    this.frame = h('div', { class: places.filter(Boolean).join(' '), lang: options.language, 'data-theme': options.theme })
    if (options.colour !== undefined) {
      this.frame.dataset['brand'] = ''
      this.frame.style.setProperty('--accent', options.colour)
      this.frame.style.setProperty('--on-accent', readableOn(options.colour))
    }
    this.root.append(this.frame)
    if (options.whole) {
      document.documentElement.lang = options.language
      document.title = this.title()
      document.querySelector('main')?.append(host)
    }
    if (!host.isConnected) document.body.append(host)

    const before = kept(options.server)
    if (before) {
      this.session = before
      this.mode = before.mode
      this.follow()
    }
    const callGoesOn = options.call !== undefined && callIsKept()
    if (options.open || callGoesOn) this.open(options.whole ? 'nowhere' : 'inside')
    else this.showLauncher()
    if (callGoesOn) void this.beginCall()
  }

  /** Opens the panel. On a page of its own the keyboard stays where the browser has it. */
  open(focus: 'inside' | 'nowhere' = 'inside'): void {
    if (this.panel) return
    this.launcher?.remove()
    this.launcher = undefined
    this.panel = h('section', {
      class: 'panel opening',
      role: this.options.whole ? 'region' : 'dialog',
      'aria-label': this.title(),
      keydown: (event: KeyboardEvent) => {
        if (event.key === 'Escape' && !this.options.whole) this.close()
      },
    })
    this.frame.append(this.panel)
    this.draw()
    if (focus === 'inside') this.focusInside()
  }

  close(): void {
    this.panel?.remove()
    this.panel = undefined
    this.way = undefined
    this.showLauncher()
    this.launcher?.focus()
  }

  private title(): string {
    return this.options.title ?? this.say('title')
  }

  private showLauncher(): void {
    const { call } = this.options
    const label = this.calling ? this.say('in_call') : (this.options.title ?? this.say(call === 'only' ? 'launch_call' : 'launch'))
    this.launcher = h('button', { type: 'button', class: 'launcher', click: () => this.open() }, icon(this.calling || call === 'only' ? 'call' : 'chat'), label)
    this.frame.append(this.launcher)
  }

  private draw(): void {
    if (!this.panel) return
    this.way = undefined
    const inside = this.voice ? [this.voice.element] : this.session ? this.conversation() : [this.start()]
    this.panel.replaceChildren(this.header(), ...inside)
    this.show()
  }

  private header(): HTMLElement {
    const chats = this.session !== undefined && !this.voice
    const running = chats && this.chat.ended === undefined
    const other: Mode = this.mode === 'chat' ? 'tap' : 'chat'
    const label = this.say(other === 'tap' ? 'to_tap' : 'to_chat')
    const button = (name: string, symbol: Parameters<typeof icon>[0], click: () => void) =>
      h('button', { type: 'button', class: 'plain', 'aria-label': name, title: name, click }, icon(symbol))
    return h(
      'header',
      {},
      h(this.options.whole ? 'h1' : 'h2', {}, this.title()),
      chats && button(label, other === 'tap' ? 'tap' : 'type', () => this.change(other)),
      running && h('button', { type: 'button', class: 'plain text-button', click: () => this.askToLeave() }, this.say('leave')),
      !this.options.whole && button(this.say('close'), 'down', () => this.close()),
    )
  }

  private start(failure?: string): HTMLElement {
    const say = this.say
    const { call } = this.options
    const modes: Mode[] = call === 'only' ? [] : this.mode === 'chat' ? ['chat', 'tap'] : ['tap', 'chat']
    const problem = h('p', { class: 'fail', role: 'alert', hidden: failure === undefined }, failure ?? '')
    const buttons = modes.map((mode, at) =>
      h(
        'button',
        {
          type: 'button',
          class: at === 0 && call === undefined ? 'primary' : 'second',
          click: () => {
            all.forEach((each) => (each.disabled = true))
            problem.hidden = true
            buttons[at]!.textContent = say('starting')
            void this.begin(mode)
          },
        },
        say(mode === 'chat' ? 'start_chat' : 'start_tap'),
      ),
    )
    const callButton = h(
      'button',
      {
        type: 'button',
        class: 'primary',
        click: () => {
          all.forEach((each) => (each.disabled = true))
          problem.hidden = true
          callButton.textContent = say('starting')
          void this.beginCall()
        },
      },
      say('start_call'),
    )
    const all = [...(call === undefined ? [] : [callButton]), ...buttons]
    const { privacy } = this.options
    return h(
      'div',
      { class: 'start' },
      h('div', { class: 'mark' }, icon(call !== undefined ? 'call' : this.mode === 'chat' ? 'chat' : 'tap')),
      h('p', { class: 'intro' }, say(call === 'only' ? 'intro_call' : this.mode === 'chat' ? 'intro_chat' : 'intro_tap')),
      h(
        'p',
        { class: 'privacy' },
        say('privacy'),
        privacy !== undefined && ' ',
        privacy !== undefined && h('a', { href: privacy, target: '_blank', rel: 'noopener' }, say('privacy_link')),
      ),
      problem,
      h('div', { class: 'actions' }, ...all),
    )
  }

  private conversation(): HTMLElement[] {
    const hands: Hands = {
      say: this.say,
      answer: (answer, shown) => {
        this.sent += 1
        const reference = `${Date.now().toString(36)}-${this.sent}`
        void this.send({ ...answer, reference }, shown)
      },
      resend: (said, shown) => void this.send(said, shown),
      again: () => this.startAgain(),
    }
    this.way = this.mode === 'chat' ? new Typing(hands) : new Tapping(hands)
    this.connection = h('p', { class: 'bar', role: 'status', hidden: true }, this.say('reconnecting'))
    return [this.connection, this.way.element]
  }

  private show(): void {
    this.way?.show(this.chat)
  }

  private focusInside(): void {
    if (this.voice) this.voice.focus()
    else if (this.way) this.way.focus()
    else this.panel?.querySelector<HTMLElement>('.primary')?.focus()
  }

  private change(mode: Mode): void {
    this.mode = mode
    if (this.session) keep((this.session = { ...this.session, mode }))
    this.draw()
    this.focusInside()
  }

  private async begin(mode: Mode): Promise<void> {
    try {
      const begun = await this.client.begin(this.options.language)
      this.mode = mode
      this.chat = empty
      this.session = { session: begun.session, token: begun.token, server: this.options.server, mode }
      keep(this.session)
      this.follow()
      this.draw()
      this.focusInside()
    } catch (failure) {
      const start = this.start(this.failure(failure))
      this.panel?.querySelector('.start')?.replaceWith(start)
      start.querySelector<HTMLElement>('.primary')?.focus()
    }
  }

  private async beginCall(): Promise<void> {
    const leave = () => {
      this.voice = undefined
      this.calling = false
      this.draw()
      this.focusInside()
    }
    try {
      const { Voice } = await calls(this.options.server)
      this.voice = new Voice({
        server: this.options.server,
        language: this.options.language,
        root: this.root,
        back: leave,
        chat:
          this.options.call === 'only'
            ? undefined
            : () => {
                leave()
                void this.begin(this.mode)
              },
        running: (is) => (this.calling = is),
      })
      this.draw()
      this.focusInside()
    } catch {
      const start = this.start(this.say('fail_call'))
      this.panel?.querySelector('.start')?.replaceWith(start)
      start.querySelector<HTMLElement>('.primary')?.focus()
    }
  }

  private failure(failure: unknown): string {
    const name = `fail_${failure instanceof Failure ? failure.code : 'other'}`
    return this.say(isWord(name) ? name : 'fail_other')
  }

  private follow(): void {
    const { session } = this
    if (!session) return
    this.stop = this.client.follow(session, this.chat.last, {
      message: (message) => {
        this.chat = after(this.chat, message)
        if (message.kind === 'ended') {
          keep(undefined)
          this.panel?.querySelector('header')?.replaceWith(this.header())
          this.panel?.querySelector('.leaving')?.remove()
        }
        this.show()
      },
      connected: (is) => {
        if (this.connection) this.connection.hidden = is
      },
      lost: () => {
        keep(undefined)
        this.chat = {
          ...this.chat,
          asking: undefined,
          working: false,
          ended: { outcome: 'failed', cause: 'lost' },
          lines: [...this.chat.lines, { key: 'lost', who: 'note', text: 'lost' }],
        }
        this.panel?.querySelector('header')?.replaceWith(this.header())
        this.show()
      },
    })
  }

  private async send(said: Said, shown: string): Promise<void> {
    const { session } = this
    if (!session || this.chat.ended) return
    this.chat = sending(this.chat, said, shown)
    this.show()
    try {
      await this.client.say(session, said)
    } catch (failure) {
      const code = failure instanceof Failure ? failure.code : 'other'
      // The question has moved on, or the chat is over: what was to be said is said to nobody.
      const gone = ['stale_choice', 'chat_over', 'chat_unknown'].includes(code)
      this.chat = gone ? withdrawn(this.chat, said.reference) : failed(this.chat, said.reference)
      this.show()
    }
  }

  private askToLeave(): void {
    const { panel } = this
    if (!panel || panel.querySelector('.leaving')) return
    const put = (focus: boolean) => {
      bar.remove()
      if (focus) this.focusInside()
    }
    const button = (label: string, click: () => void) => h('button', { type: 'button', class: 'plain text-button', click }, label)
    const stay = button(this.say('leave_no'), () => put(true))
    const bar = h(
      'div',
      { class: 'bar leaving', role: 'group', 'aria-label': this.say('leave_sure') },
      h('p', {}, this.say('leave_sure')),
      stay,
      button(this.say('leave_yes'), () => {
        put(true)
        if (this.session) this.client.leave(this.session).catch(() => undefined)
      }),
    )
    panel.querySelector('header')?.after(bar)
    stay.focus()
  }

  private startAgain(): void {
    this.stop?.()
    this.session = undefined
    this.chat = empty
    this.draw()
    this.focusInside()
  }
}
