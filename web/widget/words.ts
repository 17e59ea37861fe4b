/** What the widget itself says, in the language of the page. What the bot says is the flow's. */
import en from './locales/en.json'
import zh from './locales/zh-CN.json'

export type Language = 'en' | 'zh-CN'
export type Word = keyof typeof en
export type Words = (word: Word, values?: Record<string, string | number>) => string

/** English unless the page, or else the browser, speaks Chinese. */
export function languageOf(...tags: (string | null | undefined)[]): Language {
  const first = tags.find((tag) => tag != null && tag !== '')
  return first?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

export function words(language: Language): Words {
  const all: Record<Word, string> = language === 'zh-CN' ? zh : en
  return (word, values = {}) =>
    Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, String(value)), all[word])
}

export const isWord = (name: string): name is Word => Object.hasOwn(en, name)
