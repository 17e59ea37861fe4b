/** Name, e-mail and password of whoever is signed in. */
import { App, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { http, take } from '../api/client'
import { me as meQuery, queries } from '../api/queries'
import type { Me } from '../api/types'
import { ErrorNote } from './Bits'

const SHORTEST = 10

interface Fields {
  name: string
  email: string
  password?: string
}

export default function Account({ me, close }: { me: Me; close: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [form] = Form.useForm<Fields>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()

  const save = async ({ name, email, password }: Fields) => {
    setBusy(true)
    setError(undefined)
    try {
      const saved = await take(http.PUT('/api/v1/me', { body: { name, email, password: password || undefined } }))
      queries.setQueryData(meQuery.queryKey, saved)
      void message.success(t('account.saved'))
      close()
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Modal
      open
      title={t('account.title')}
      onCancel={close}
      onOk={() => form.submit()}
      okText={t('account.save')}
      cancelText={t('app.cancel')}
      confirmLoading={busy}
      width={420}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ name: me.name, email: me.email ?? '' }}
        onFinish={save}
      >
        <Form.Item name="name" label={t('account.name')} rules={[{ required: true, message: t('account.name_needed') }]}>
          <Input autoComplete="name" />
        </Form.Item>
        <Form.Item
          name="email"
          label={t('account.email')}
          rules={[{ required: true, type: 'email', message: t('account.email_needed') }]}
        >
          <Input autoComplete="username" inputMode="email" />
        </Form.Item>
        <Form.Item
          name="password"
          label={t(me.has_password ? 'account.new_password' : 'account.password')}
          extra={t('account.password_rule', { count: SHORTEST })}
          rules={[
            { required: !me.has_password, message: t('account.password_needed') },
            { min: SHORTEST, message: t('account.password_rule', { count: SHORTEST }) },
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {error !== undefined && <ErrorNote error={error} />}
      </Form>
    </Modal>
  )
}
