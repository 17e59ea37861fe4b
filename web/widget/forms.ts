/** The form of an answer: its keyboard, and a hint what is wanted. */
import type { Asking } from './messages'
import type { Words } from './words'

export function keyboard({ form, secret }: Asking): string | undefined {
  switch (form.kind) {
    case 'digits':
      return 'numeric'
    case 'phone':
      return 'tel'
    case 'amount':
    case 'number':
      return 'decimal'
    default:
      return secret ? 'text' : undefined
  }
}

export function hint({ form, secret }: Asking, say: Words): string | undefined {
  if (secret) return say('secret')
  switch (form.kind) {
    case 'digits':
      return form.least === form.most ? say('digits', { least: form.least }) : say('digits_range', { least: form.least, most: form.most })
    case 'code':
    case 'phone':
    case 'date':
    case 'time':
    case 'amount':
    case 'number':
    case 'name':
      return say(form.kind)
    default:
      return undefined
  }
}
