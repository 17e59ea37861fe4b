/** Answering by typing: everything that was said, what there is to choose from, and a field for one's own words. */
import { h, icon } from './dom'
import { hint, keyboard } from './forms'
import type { Asking } from './messages'
import type { Chat, Line } from './state'
import type { Hands, Way } from './widget'
import { isWord } from './words'

/** On a touch screen the keyboard would cover what is to be read, so the field is not entered by itself. */
const touches = () => matchMedia('(pointer: coarse)').matches

export class Typing implements Way {
  readonly element: HTMLElement
  private readonly log: HTMLElement
  private readonly choices: HTMLElement
  private readonly working: HTMLElement
  private readonly again: HTMLElement
  private readonly composer: HTMLFormElement
  private readonly send: HTMLButtonElement
  private field: HTMLTextAreaElement | HTMLInputElement
  private readonly lines = new Map<string, { line: Line; element: HTMLElement }>()
  private asking: Asking | undefined

  constructor(private readonly hands: Hands) {
    const { say } = hands
    this.log = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': say('conversation'), tabindex: '0' })
    this.working = h('p', { class: 'working', role: 'status', hidden: true }, h('i'), h('i'), h('i'), say('working'))
    this.choices = h('div', { class: 'chips', role: 'group', 'aria-label': say('choices'), hidden: true })
    this.again = h('div', { class: 'again', hidden: true }, h('button', { type: 'button', class: 'primary', click: () => hands.again() }, say('again')))
    this.field = this.newField(undefined)
    this.send = h('button', { type: 'submit', class: 'round', 'aria-label': say('send'), title: say('send'), disabled: true }, icon('send'))
    this.composer = h(
      'form',
      {
        class: 'composer',
        submit: (event: SubmitEvent) => {
          event.preventDefault()
          this.submit()
        },
      },
      this.field,
      this.send,
    )
    this.element = h('div', { class: 'tap' }, this.log, this.working, this.choices, this.composer, this.again)
  }

  focus(): void {
    if (this.composer.hidden) this.again.querySelector('button')?.focus()
    else if (touches()) this.log.focus()
    else this.field.focus()
  }

  show(chat: Chat): void {
    this.showLines(chat.lines)
    this.working.hidden = !chat.working
    const over = chat.ended !== undefined
    const hadFocus = this.element.contains((this.element.getRootNode() as ShadowRoot).activeElement)
    this.composer.hidden = over
    this.again.hidden = !over
    if (chat.asking !== this.asking) this.showQuestion(chat.asking, hadFocus)
    if (over && hadFocus) this.focus()
    this.log.scrollTop = this.log.scrollHeight
  }

  private submit(): void {
    const text = this.field.value.trim()
    if (text === '') return
    const secret = this.asking?.secret === true
    this.hands.answer({ text }, secret ? '••••' : text)
    this.field.value = ''
    this.send.disabled = true
    this.field.focus()
  }

  private newField(asking: Asking | undefined): HTMLTextAreaElement | HTMLInputElement {
    const { say } = this.hands
    const attributes = {
      'aria-label': say('message'),
      placeholder: (asking && hint(asking, say)) ?? say('message'),
      enterkeyhint: 'send',
      autocomplete: 'off',
      maxlength: 1000,
      inputmode: asking ? keyboard(asking) : undefined,
      input: () => (this.send.disabled = this.field.value.trim() === ''),
    }
    if (asking?.secret === true) return h('input', { ...attributes, type: 'password' })
    return h('textarea', {
      ...attributes,
      rows: 1,
      keydown: (event: KeyboardEvent) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
        event.preventDefault()
        this.submit()
      },
    })
  }

  private showQuestion(asking: Asking | undefined, hadFocus: boolean): void {
    const { say, answer } = this.hands
    const inChoices = this.choices.contains((this.element.getRootNode() as ShadowRoot).activeElement)
    this.asking = asking
    const chip = (label: string, click: () => void, quiet = false) =>
      h('button', { type: 'button', class: quiet ? 'chip quiet' : 'chip', click }, label)
    const offered = asking?.choices.map(({ id, label }) =>
      chip(label, () => answer({ choice: id, question: asking.question }, label)),
    )
    const person = asking?.person === true && chip(say('person'), () => answer({ text: say('person') }, say('person')), true)
    this.choices.replaceChildren(...(offered ?? []), ...(person ? [person] : []))
    this.choices.hidden = this.choices.childElementCount === 0
    const changes = (asking?.secret === true) !== this.field instanceof HTMLInputElement
    if (changes) {
      const before = this.field
      this.field = this.newField(asking)
      // What was typed already stays, but not in the open.
      this.field.value = before.value
      before.replaceWith(this.field)
    } else if (asking) {
      this.field.placeholder = hint(asking, say) ?? say('message')
      this.field.inputMode = keyboard(asking) ?? ''
    }
    // A choice that is gone must not leave the keyboard nowhere.
    if (hadFocus && (changes || inChoices)) this.focus()
  }

  private showLines(lines: readonly Line[]): void {
    for (const [key, { element }] of this.lines) {
      if (!lines.some((line) => line.key === key)) {
        element.remove()
        this.lines.delete(key)
      }
    }
    lines.forEach((line, at) => {
      const drawn = this.lines.get(line.key)
      if (drawn?.line !== line) {
        const element = this.line(line)
        drawn?.element.replaceWith(element)
        this.lines.set(line.key, { line, element })
      }
      const { element } = this.lines.get(line.key)!
      if (this.log.children[at] !== element) this.log.insertBefore(element, this.log.children[at] ?? null)
    })
  }

  private line(line: Line): HTMLElement {
    const { say } = this.hands
    if (line.who === 'note') return h('p', { class: 'line note' }, isWord(line.text) ? say(line.text) : line.text)
    const who = h('span', { class: 'unseen' }, `${say(line.who)}: `)
    const words = h('p', { class: `line ${line.who} ${line.status ?? ''}`, lang: line.language }, who, line.text)
    const { said } = line
    if (line.status !== 'failed' || !said) return words
    const resend = h('button', { type: 'button', click: () => this.hands.resend(said, line.text) }, say('resend'))
    return h('div', { class: 'with-resend' }, words, h('p', { class: 'not-sent' }, say('not_sent'), ' ', resend))
  }
}
