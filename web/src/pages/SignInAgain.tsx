/** An expired sign-in is renewed over the page, so that nothing typed there is lost. */
import { Modal } from 'antd'
import { useTranslation } from 'react-i18next'
import { me as meQuery, queries } from '../api/queries'
import type { Me } from '../api/types'
import { SignInForm } from './SignIn'

export default function SignInAgain({ me, done }: { me: Me; done: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal title={t('sign_in.expired')} open footer={null} closable={false} width={380}>
      <SignInForm
        done={(user) => {
          // Somebody else's page must not stay open behind a new name.
          if (user.id !== me.id) return location.assign('/')
          queries.setQueryData(meQuery.queryKey, user)
          void queries.invalidateQueries()
          done()
        }}
      />
    </Modal>
  )
}
