/** The words of the floor and of the queues, which come with these pages. */
import i18n from '../i18n'
import en from '../locales/floor.en.json'
import zh from '../locales/floor.zh-CN.json'

i18n.addResourceBundle('en', 'translation', en, true)
i18n.addResourceBundle('zh-CN', 'translation', zh, true)
