/** Answering by tapping: what was said last, large, and a button for everything that can be answered. A field only where there is no other way. */
import { h, icon } from './dom'
import { hint, keyboard } from './forms'
import type { Asking, Form } from './messages'
import { captions, type Chat, type Line } from './state'
import type { Hands, Way } from './widget'
import { isWord } from './words'

/** The browser's own fields for a day and a time. */
const fields: Partial<Record<Form['kind'], string>> = { date: 'date', time: 'time', phone: 'tel' }

export class Tapping implements Way {
  readonly element: HTMLElement
  private readonly log: HTMLElement
  private readonly answers: HTMLElement
  private readonly working: HTMLElement
  private asking: Asking | undefined
  private over = false
  private shown: readonly Line[] = []

  constructor(private readonly hands: Hands) {
    const { say } = hands
    this.log = h('div', { class: 'captions', role: 'log', 'aria-live': 'polite', 'aria-label': say('conversation'), tabindex: '-1' })
    this.working = h('p', { class: 'working', role: 'status', hidden: true }, h('i'), h('i'), h('i'), say('working'))
    this.answers = h('div', { role: 'group', 'aria-label': say('choices') })
    this.element = h(
      'div',
      {
        class: 'tap',
        keydown: (event: KeyboardEvent) => this.key(event),
      },
      this.log,
      this.working,
      this.answers,
    )
  }

  focus(): void {
    this.log.focus()
  }

  show(chat: Chat): void {
    this.caption(chat)
    this.working.hidden = !chat.working
    const over = chat.ended !== undefined
    if (chat.asking === this.asking && over === this.over) return
    const hadFocus = this.element.contains((this.element.getRootNode() as ShadowRoot).activeElement)
    ;[this.asking, this.over] = [chat.asking, over]
    const again = h('button', { type: 'button', class: 'primary', click: () => this.hands.again() }, this.hands.say('again'))
    this.answers.replaceChildren(...(over ? [h('div', { class: 'again' }, again)] : chat.asking ? this.ways(chat.asking) : []))
    // The button that was pressed is gone: the keyboard goes to what is said now, and the next Tab to the first answer.
    if (hadFocus) this.focus()
    this.element.scrollTop = 0
  }

  private caption(chat: Chat): void {
    const { say } = this.hands
    const own = chat.lines.findLast(({ who }) => who === 'you')
    const now = [...(own ? [own] : []), ...captions(chat)]
    if (now.length === this.shown.length && now.every((line, at) => line === this.shown[at])) return
    this.shown = now
    const last = now.findLastIndex(({ who }) => who === 'bot')
    this.log.replaceChildren(
      ...now.map((line, at) => {
        if (line.who === 'note') return h('p', { class: 'note' }, isWord(line.text) ? say(line.text) : line.text)
        if (line.who === 'bot') return h('p', { class: at < last ? 'before' : undefined, lang: line.language }, line.text)
        const words = h('p', { class: 'own' }, `${say('you')}: ${line.text}`)
        if (line.status !== 'failed' || !line.said) return words
        const { said, text } = line
        words.append(' ', say('not_sent'), ' ')
        words.append(h('button', { type: 'button', class: 'plain', click: () => this.hands.resend(said, text) }, say('resend')))
        return words
      }),
    )
  }

  /** A key of the keyboard chooses as a key of a telephone does. */
  private key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement) return
    const button = this.answers.querySelector<HTMLButtonElement>(`button[data-key="${CSS.escape(event.key)}"]`)
    if (!button) return
    event.preventDefault()
    button.click()
  }

  private ways(asking: Asking): HTMLElement[] {
    const { say, answer } = this.hands
    const taps = asking.choices.map(({ id, label, key }) =>
      h(
        'button',
        { type: 'button', class: 'big', 'data-key': key, click: () => answer({ choice: id, question: asking.question }, label) },
        key !== undefined && h('kbd', { 'aria-hidden': 'true' }, key),
        label,
      ),
    )
    const command = (word: 'back' | 'person') =>
      h('button', { type: 'button', class: 'second', click: () => answer({ text: say(word) }, say(word)) }, say(word))
    const side = [...(asking.back ? [command('back')] : []), ...(asking.person ? [command('person')] : [])]
    return [
      ...(taps.length > 0 ? [h('div', { class: 'taps' }, ...taps)] : []),
      ...(taps.length > 0 ? [] : [this.entry(asking)]),
      ...(side.length > 0 ? [h('div', { class: 'side' }, ...side)] : []),
    ]
  }

  private entry(asking: Asking): HTMLElement {
    return asking.form.kind === 'digits' ? this.keypad(asking, asking.form) : this.field(asking)
  }

  private keypad(asking: Asking, { least, most }: { least: number; most: number }): HTMLElement {
    const { say, answer } = this.hands
    let digits = ''
    const entered = h('output', { class: 'entered hint', 'aria-label': say('entered'), 'aria-live': 'polite' })
    const enter = (next: string) => {
      digits = next.slice(0, most)
      entered.textContent = digits === '' ? (hint(asking, say) ?? '') : asking.secret ? '•'.repeat(digits.length) : digits
      entered.className = digits === '' ? 'entered hint' : 'entered'
      done.disabled = digits.length < least
    }
    const digit = (key: string) =>
      h('button', { type: 'button', class: 'second', 'data-key': key, click: () => enter(digits + key) }, key)
    const erase = h(
      'button',
      { type: 'button', class: 'second', 'data-key': 'Backspace', 'aria-label': say('delete'), click: () => enter(digits.slice(0, -1)) },
      icon('erase'),
    )
    const done = h(
      'button',
      {
        type: 'button',
        class: 'primary',
        // As many as there can be are complete; fewer end with the hash key.
        click: () => answer({ key: digits.length === most ? digits : `${digits}#` }, asking.secret ? '••••' : digits),
      },
      say('done'),
    )
    enter('')
    const pad = h('div', { class: 'pad', role: 'group', 'aria-label': say('keypad') }, entered)
    pad.append(...[...'123456789'].map(digit), erase, digit('0'), done)
    return pad
  }

  private field(asking: Asking): HTMLElement {
    const { say, answer } = this.hands
    const type = asking.secret ? 'password' : (fields[asking.form.kind] ?? 'text')
    const field = h('input', {
      class: 'field',
      type,
      'aria-label': hint(asking, say) ?? say('answer'),
      placeholder: hint(asking, say) ?? say('answer'),
      inputmode: keyboard(asking),
      autocomplete: 'off',
      maxlength: type === 'date' || type === 'time' ? undefined : 1000,
    })
    return h(
      'form',
      {
        class: 'form',
        submit: (event: SubmitEvent) => {
          event.preventDefault()
          const text = field.value.trim()
          if (text !== '') answer({ text }, asking.secret ? '••••' : text)
        },
      },
      field,
      h('button', { type: 'submit', class: 'primary' }, say('done')),
    )
  }
}
