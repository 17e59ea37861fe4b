/** What the service tells a visitor; the same as `ChatMessage` in docs/openapi.json. The widget stands alone, so it brings its own types. */
export interface Choice {
  id: number
  label: string
  key?: string
}

export type Form =
  | { kind: 'text' | 'choice' | 'yes_no' | 'phone' | 'time' | 'amount' | 'number' | 'name' }
  | { kind: 'digits'; least: number; most: number }
  | { kind: 'code'; most: number }
  | { kind: 'date'; past: boolean }

export interface Asking {
  question: number
  form: Form
  choices: Choice[]
  secret: boolean
  back: boolean
  person: boolean
}

export type Message = { id: number; at: number } & (
  | { kind: 'said'; text: string; language: string }
  | { kind: 'you'; text: string; reference?: string }
  | ({ kind: 'asking' } & Asking)
  | { kind: 'working' }
  | { kind: 'queue'; state: 'looking' | 'nobody' }
  | { kind: 'ended'; outcome: string; cause: string }
)

/** What a visitor says. */
export type Said = ({ text: string } | { key: string } | { choice: number; question: number }) & { reference: string }
