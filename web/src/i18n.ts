/** English and 简体中文. Each comes when it is first spoken and stays; dates, numbers and durations follow the language. */
import type { ConfigProviderProps } from 'antd'
import i18n from 'i18next'
import { initReactI18next } from 'react-i18next'

export const languages = ['en', 'zh-CN'] as const
export type Language = (typeof languages)[number]

const KEY = 'hotline.language'

/** What is spoken: our own texts, and those that the components bring along. */
interface Spoken {
  texts: object
  components: NonNullable<ConfigProviderProps['locale']>
}

const files: Record<Language, () => Promise<Spoken>> = {
  en: async () => {
    const [texts, components] = await Promise.all([import('./locales/en.json'), import('antd/locale/en_US')])
    return { texts: texts.default, components: components.default }
  },
  'zh-CN': async () => {
    const [texts, components] = await Promise.all([import('./locales/zh-CN.json'), import('antd/locale/zh_CN')])
    return { texts: texts.default, components: components.default }
  },
}

const there = new Map<Language, Spoken['components']>()

async function fetched(language: Language): Promise<void> {
  if (there.has(language)) return
  const { texts, components } = await files[language]()
  // What a page brought along before stays.
  i18n.addResourceBundle(language, 'translation', texts, true, false)
  there.set(language, components)
}

function first(): Language {
  const stored = localStorage.getItem(KEY)
  if (stored === 'en' || stored === 'zh-CN') return stored
  return navigator.languages.find((tag) => /^(en|zh)/i.test(tag))?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

export const chosen = (): boolean => localStorage.getItem(KEY) !== null

export const current = (): Language => (i18n.language === 'zh-CN' ? 'zh-CN' : 'en')

/** The words of Ant Design's components in the language in force. */
export const componentWords = (): Spoken['components'] | undefined => there.get(current())

/** Kept at once, so that it counts from the next visit on even when its texts cannot be fetched now. */
export function speak(language: Language): void {
  localStorage.setItem(KEY, language)
  void fetched(language).then(() => i18n.changeLanguage(language))
}

i18n.on('languageChanged', (language) => {
  document.documentElement.lang = language
})

/** Before anything is drawn. */
export async function begin(): Promise<void> {
  const language = first()
  await i18n.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: {},
    interpolation: { escapeValue: false },
    returnNull: false,
    showSupportNotice: false,
  })
  await fetched(language)
}

export default i18n
