/** Lines that mean none of the intents: what keeps the engine from guessing. */
import { useTranslation } from 'react-i18next'
import { useUnderstood } from '../context'
import { Lines } from './Lines'

export function OutOfScope() {
  const { t } = useTranslation()
  const { intents } = useUnderstood()
  return (
    <>
      <header className="u-head">
        <h2>{t('understanding.view_out_of_scope')}</h2>
        <p className="muted">{t('understanding.out_of_scope_help')}</p>
      </header>
      <Lines own="" lines={intents.work?.out_of_scope ?? []} change={intents.setOutOfScope} />
    </>
  )
}
