/** Signing in: by the one-time link that the service prints, or by e-mail and password. */
import { Button, Form, Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure, http, take } from '../api/client'
import { me as meQuery, queries } from '../api/queries'
import type { Me } from '../api/types'
import { useReason } from '../components/Bits'
import { Brand, LanguageButton, ThemeButton } from '../components/Shell'
import { useTitle } from '../lib/hooks'
import './signin.css'

interface Fields {
  email: string
  password: string
}

/** The token of a one-time link, taken out of the address before anything else can see it there. */
function tokenFromAddress(): string | undefined {
  const address = new URL(location.href)
  const token = address.searchParams.get('token')
  if (token === null) return undefined
  address.searchParams.delete('token')
  history.replaceState(history.state, '', address)
  return token
}

let linked: Promise<Me> | undefined

/** Trades the token for a session, once, however often the page renders. */
function signInByLink(): Promise<Me> | undefined {
  if (linked) return linked
  const token = tokenFromAddress()
  if (token === undefined) return undefined
  linked = take(http.POST('/api/v1/session', { body: { token } })).then(({ user }) => user)
  return linked
}

export function SignInForm({ done }: { done: (me: Me) => void }) {
  const { t } = useTranslation()
  const reason = useReason()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string>()
  const explain = (failure: unknown, wrong: string) =>
    failure instanceof Failure && failure.status === 401 ? failure.message || wrong : reason(failure)

  useEffect(() => {
    const link = signInByLink()
    if (!link) return
    let gone = false
    // Marked as busy only once the link is known to be there; the form stands meanwhile.
    void Promise.resolve().then(() => !gone && setBusy(true))
    link.then(
      (user) => !gone && done(user),
      (failure: unknown) => {
        if (gone) return
        setBusy(false)
        setError(explain(failure, t('sign_in.link_used')))
      },
    )
    return () => {
      gone = true
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when the form appears
  }, [])

  const submit = async (body: Fields) => {
    setBusy(true)
    setError(undefined)
    try {
      const { user } = await take(http.POST('/api/v1/session', { body }))
      done(user)
    } catch (failure) {
      setError(explain(failure, t('sign_in.wrong')))
      setBusy(false)
    }
  }

  return (
    <Form<Fields> layout="vertical" requiredMark={false} onFinish={submit} disabled={busy}>
      <Form.Item name="email" label={t('account.email')} rules={[{ required: true, message: t('account.email_needed') }]}>
        <Input size="large" autoComplete="username" inputMode="email" autoFocus />
      </Form.Item>
      <Form.Item
        name="password"
        label={t('account.password')}
        rules={[{ required: true, message: t('account.password_needed') }]}
      >
        <Input.Password size="large" autoComplete="current-password" />
      </Form.Item>
      {error !== undefined && (
        <p className="sign-in-error" role="alert">
          {error}
        </p>
      )}
      <Button type="primary" size="large" htmlType="submit" block loading={busy}>
        {t('sign_in.go')}
      </Button>
    </Form>
  )
}

export default function SignIn() {
  const { t } = useTranslation()
  useTitle(t('sign_in.title'))
  return (
    <main className="sign-in">
      <div className="sign-in-tools row">
        <LanguageButton />
        <ThemeButton />
      </div>
      <div className="sign-in-card panel">
        <Brand />
        <h1>{t('sign_in.title')}</h1>
        <SignInForm done={(user) => queries.setQueryData(meQuery.queryKey, user)} />
      </div>
      <p className="sign-in-hint">{t('sign_in.hint')}</p>
    </main>
  )
}
