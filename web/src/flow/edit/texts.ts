/** The words of beginning from something and of the replay, which come with the editor. */
import i18n from '../../i18n'
import en from '../../locales/studio.en.json'
import zh from '../../locales/studio.zh-CN.json'

i18n.addResourceBundle('en', 'translation', en, true)
i18n.addResourceBundle('zh-CN', 'translation', zh, true)
