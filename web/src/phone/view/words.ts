/** What the phone has to say, in the language in force. */
import { useTranslation } from 'react-i18next'
import { ms, percent, words } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import { verdict } from '../../rtc/quality'
import type { Leg, State, Trouble } from '../machine'

export function usePhoneWords() {
  const { t } = useTranslation()
  const language = useLanguage()
  const who = (leg: Pick<Leg, 'party'>): string => (leg.party === '' ? t('phone.withheld') : leg.party)
  return {
    who,
    stage: ({ stage, progress }: Leg): string => t(`phone.stage.${stage === 'dialling' && progress === 'ringing' ? 'dialling_ringing' : stage}`),
    line: ({ line, legs }: State): string => t(`phone.line.${line}${legs.length > 0 && (line === 'retrying' || line === 'signed_out') ? '_call' : ''}`),
    trouble: (trouble: Trouble): string => (trouble.what === 'microphone' ? t(`phone.trouble.${trouble.reason}`) : trouble.message || trouble.code),
    reason: (reason: string | undefined): string => (reason === undefined || reason === '' ? '' : t(`reason.${reason}`, { defaultValue: words(reason) })),
    quality: ({ quality }: Leg): { text: string; grade: 'good' | 'fair' | 'bad' | 'unknown'; details: string } => {
      if (!quality) return { text: t('phone.quality.measuring'), grade: 'unknown', details: '' }
      const said = verdict(quality)
      const details = t('phone.quality.details', {
        loss: percent(quality.loss, language),
        jitter: ms(quality.jitter_ms, language),
        rtt: quality.rtt_ms === undefined ? '—' : ms(quality.rtt_ms, language),
        mos: new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(quality.mos),
      })
      if (said.grade === 'good') return { text: t('phone.quality.good'), grade: 'good', details }
      const values = said.why === 'delay' ? { ms: ms(said.ms, language) } : said.why === 'silent' ? {} : { share: percent(said.share, language) }
      return { text: t(`phone.quality.${said.why}`, values), grade: said.grade, details }
    },
  }
}
