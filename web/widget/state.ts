/** A chat as it is shown, read out of its messages. Pure: the same messages give the same view, however often they come. */
import type { Asking, Message, Said } from './messages'

export interface Line {
  /** Of its own; the same while it is sent and when it has arrived. */
  key: string
  who: 'bot' | 'you' | 'note'
  /** The words; of a note the name of what it says. */
  text: string
  language?: string
  status?: 'sending' | 'failed'
  /** What was to be sent. */
  said?: Said
}

export interface Chat {
  lines: readonly Line[]
  asking?: Asking
  working: boolean
  /** The number of the last message. */
  last: number
  ended?: { outcome: string; cause: string }
}

export const empty: Chat = { lines: [], working: false, last: 0 }

/** The chat after a message; one that was seen before changes nothing. */
export function after(chat: Chat, message: Message): Chat {
  if (message.id <= chat.last) return chat
  const next = { ...chat, last: message.id }
  const line = (who: Line['who'], text: string, more: Partial<Line> = {}): Line => ({ key: `m${message.id}`, who, text, ...more })
  switch (message.kind) {
    case 'said':
      return { ...next, working: false, lines: [...chat.lines, line('bot', message.text, { language: message.language })] }
    case 'you': {
      const { reference } = message
      const others = chat.lines.filter(({ key }) => reference === undefined || key !== reference)
      const said = line('you', message.text, reference === undefined ? {} : { key: reference })
      return { ...next, asking: undefined, lines: [...others, said] }
    }
    case 'asking': {
      const { question, form, choices, secret, back, person } = message
      return { ...next, working: false, asking: { question, form, choices, secret, back, person } }
    }
    case 'working':
      return { ...next, working: true, asking: undefined }
    case 'queue':
      return message.state === 'looking'
        ? { ...next, working: true, asking: undefined }
        : { ...next, working: false, lines: [...chat.lines, line('note', 'nobody')] }
    case 'ended': {
      const { outcome, cause } = message
      return {
        ...next,
        working: false,
        asking: undefined,
        ended: { outcome, cause },
        lines: [...chat.lines, line('note', `ended_${cause}`)],
      }
    }
    default:
      // A newer service may tell what this widget does not know yet.
      return next
  }
}

/** The chat while something is on its way. */
export const sending = (chat: Chat, said: Said, text: string): Chat => ({
  ...chat,
  lines: [
    ...chat.lines.filter(({ key }) => key !== said.reference),
    { key: said.reference, who: 'you', text, status: 'sending', said },
  ],
})

/** The chat when something did not arrive. */
export const failed = (chat: Chat, reference: string): Chat => ({
  ...chat,
  lines: chat.lines.map((line) => (line.key === reference && line.status !== undefined ? { ...line, status: 'failed' } : line)),
})

/** The chat without something that is no longer to be sent. */
export const withdrawn = (chat: Chat, reference: string): Chat => ({
  ...chat,
  lines: chat.lines.filter((line) => line.key !== reference || line.status === undefined),
})

/** What the bot, or a note, said since the visitor's last words: the captions. */
export function captions(chat: Chat): readonly Line[] {
  const at = chat.lines.findLastIndex(({ who }) => who === 'you')
  const since = chat.lines.slice(at + 1)
  // While an answer is on its way, what it answers stays.
  return since.length > 0 || at < 0 ? since : captions({ ...chat, lines: chat.lines.slice(0, at) })
}
