/** The words of a finding. The service says them in English; in another language its code says what is wrong and what to do. */
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../../../lib/hooks'
import type { Finding } from '../findings'

export function useFindingWords() {
  const { t } = useTranslation()
  const language = useLanguage()
  return ({ code, message, fix, block }: Finding): { message: string; fix: string } => {
    if (language === 'en') return { message, fix }
    // The names that the sentence holds are the same in every language.
    const named = [...message.matchAll(/"([^"]+)"|\b([a-z]+(?:_[a-z0-9]+)+)\b|for ([a-z]+)\./g)]
      .map(([, quoted, name, edge]) => quoted ?? name ?? edge)
      .filter((name) => name !== block)
    const what = [...new Set(named)].join('、')
    const said = t(`editor.finding.${code}`, { defaultValue: message })
    return {
      message: what === '' ? said : `${said.replace(/。$/, '')}：${what}。`,
      fix: t(`editor.finding_fix.${code}`, { defaultValue: fix }),
    }
  }
}
