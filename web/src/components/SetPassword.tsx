/** The gentle word, after a sign-in by one-time link, to set an e-mail and a password. */
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

const LATER = 'hotline.password-later'

export function SetPassword({ open }: { open: () => void }) {
  const { t } = useTranslation()
  const [later, setLater] = useState(() => sessionStorage.getItem(LATER) !== null)
  if (later) return null
  return (
    <div className="nudge" role="note">
      <p>{t('account.nudge')}</p>
      <span className="row">
        <Button
          type="text"
          size="small"
          onClick={() => {
            sessionStorage.setItem(LATER, '1')
            setLater(true)
          }}
        >
          {t('account.later')}
        </Button>
        <Button type="primary" size="small" onClick={open}>
          {t('account.set')}
        </Button>
      </span>
    </div>
  )
}
