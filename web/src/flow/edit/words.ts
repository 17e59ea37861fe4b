/** What the names of the registry are called: in the language of the page where that has a word, otherwise as they are written. */
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../lib/hooks'
import { words } from '../../lib/format'
import type { BlockSpec } from '../document'

/** Languages by their own names. */
export const languageNames: Readonly<Record<string, string>> = { en: 'English', 'zh-CN': '中文' }

interface Helped {
  help_en: string
  help_zh: string
}

export function useRegistryWords() {
  const { t } = useTranslation()
  const zh = useLanguage() === 'zh-CN'
  return {
    kind: (spec: BlockSpec | undefined, type: string) => (spec ? (zh ? spec.title_zh : spec.title_en) : words(type)),
    help: (item: Helped | undefined) => (item ? (zh ? item.help_zh : item.help_en) : ''),
    field: (name: string) => t(`editor.field.${name}`, { defaultValue: words(name) }),
    choice: (word: string) => t(`editor.choice.${word}`, { defaultValue: word }),
    category: (name: string) => t(`editor.category.${name}`, { defaultValue: words(name) }),
  }
}
