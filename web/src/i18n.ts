/** English and 简体中文, both in the first load, switched at once. Dates, numbers and durations follow the language. */
import i18n from 'i18next'
import { initReactI18next } from 'react-i18next'
import en from './locales/en.json'
import zh from './locales/zh-CN.json'

export const languages = ['en', 'zh-CN'] as const
export type Language = (typeof languages)[number]

const KEY = 'hotline.language'

function first(): Language {
  const stored = localStorage.getItem(KEY)
  if (stored === 'en' || stored === 'zh-CN') return stored
  return navigator.languages.find((tag) => /^(en|zh)/i.test(tag))?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

export const chosen = (): boolean => localStorage.getItem(KEY) !== null

export const current = (): Language => (i18n.language === 'zh-CN' ? 'zh-CN' : 'en')

export function speak(language: Language): void {
  localStorage.setItem(KEY, language)
  void i18n.changeLanguage(language)
}

i18n.on('languageChanged', (language) => {
  document.documentElement.lang = language
})

void i18n.use(initReactI18next).init({
  lng: first(),
  fallbackLng: 'en',
  resources: { en: { translation: en }, 'zh-CN': { translation: zh } },
  interpolation: { escapeValue: false },
  returnNull: false,
  showSupportNotice: false,
})

export default i18n
