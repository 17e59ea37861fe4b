/** The words of the phone and the desk, which come with them: not everybody who opens the console has a phone. */
import i18n from '../i18n'
import en from '../locales/desk.en.json'
import zh from '../locales/desk.zh-CN.json'

i18n.addResourceBundle('en', 'translation', en, true)
i18n.addResourceBundle('zh-CN', 'translation', zh, true)
