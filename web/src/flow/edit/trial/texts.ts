/** The words of the trial, which come with it: most people who open the console never try a flow. */
import i18n from '../../../i18n'
import en from '../../../locales/trial.en.json'
import zh from '../../../locales/trial.zh-CN.json'

i18n.addResourceBundle('en', 'translation', en, true)
i18n.addResourceBundle('zh-CN', 'translation', zh, true)
