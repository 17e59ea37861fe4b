/** Tokens with which other programs ask what texts mean. A secret is shown once; afterwards nobody can read it. */
import { useQuery } from '@tanstack/react-query'
import { App, Button, Input, Popconfirm, type InputRef } from 'antd'
import { Copy, KeyRound, Trash2 } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { http, take } from '../../api/client'
import { queries, tokens as tokensQuery, users } from '../../api/queries'
import type { MadeToken, TokenView } from '../../api/types'
import { Bones, Empty, ErrorNote, Moment, useReason } from '../../components/Bits'
import { useNow } from '../../lib/hooks'

/** What a program sends, to be pasted into a terminal. */
const example = (secret: string, text: string): string =>
  [
    `curl ${location.origin}/api/v1/intents/parse \\`,
    `  -H 'Authorization: Bearer ${secret}' \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d '${JSON.stringify({ text })}'`,
  ].join('\n')

function Made({ made, close }: { made: MadeToken; close: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const box = useRef<InputRef>(null)
  const curl = example(made.secret, t('understanding.token_text'))
  const copy = async (text: string) => {
    try {
      // Not there on a page that came without TLS.
      await navigator.clipboard.writeText(text)
      void message.success(t('understanding.copied'))
    } catch {
      box.current?.focus({ cursor: 'all' })
      void message.info(t('understanding.copy_by_hand'), 6)
    }
  }
  return (
    <section className="panel u-made" role="status">
      <h2>{t('understanding.token_made', { name: made.token.name })}</h2>
      <p className="u-warn">{t('understanding.token_once')}</p>
      <div className="u-add">
        <Input ref={box} readOnly className="mono u-secret" value={made.secret} aria-label={t('understanding.secret')} onFocus={(event) => event.target.select()} />
        <Button type="primary" icon={<Copy size={14} />} onClick={() => void copy(made.secret)}>
          {t('understanding.copy')}
        </Button>
      </div>
      <p className="soft">{t('understanding.token_try')}</p>
      <pre className="u-curl" tabIndex={0}>
        {curl}
      </pre>
      <div className="row">
        <Button size="small" icon={<Copy size={13} />} onClick={() => void copy(curl)}>
          {t('understanding.copy_example')}
        </Button>
        <span className="spread" />
        <Button size="small" onClick={close}>
          {t('understanding.token_kept')}
        </Button>
      </div>
    </section>
  )
}

function Row({ token, now, remove }: { token: TokenView; now: number; remove: () => Promise<void> }) {
  const { t } = useTranslation()
  const people = useQuery(users)
  const { name, scope, created_by, created_at, used_at } = token
  const by = people.data?.find(({ id }) => id === created_by)?.name
  return (
    <li className="u-token">
      <KeyRound size={16} aria-hidden className="muted" />
      <div className="spread">
        <p className="strong clip">{name}</p>
        <p className="u-facts muted">
          <span>{t(`understanding.scope_${scope}`)}</span>
          <span>
            {by ? t('understanding.made_by', { name: by }) : t('understanding.made')} <Moment at={created_at} now={now} relative />
          </span>
          <span>
            {t(used_at == null ? 'understanding.unused' : 'understanding.used')} {used_at != null && <Moment at={used_at} now={now} relative />}
          </span>
        </p>
      </div>
      <Popconfirm
        title={t('understanding.token_remove_sure', { name })}
        description={t('understanding.token_remove_help')}
        okText={t('understanding.remove')}
        cancelText={t('app.cancel')}
        okButtonProps={{ danger: true }}
        onConfirm={remove}
      >
        <Button type="text" danger size="small" icon={<Trash2 size={14} />} aria-label={`${t('understanding.remove')}: ${name}`} />
      </Popconfirm>
    </li>
  )
}

export default function Access() {
  const { t } = useTranslation()
  const now = useNow(30_000)
  const { message } = App.useApp()
  const reason = useReason()
  const { data, error, refetch } = useQuery(tokensQuery)
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const [made, setMade] = useState<MadeToken>()
  const again = () => queries.invalidateQueries({ queryKey: tokensQuery.queryKey })
  const make = async () => {
    if (name.trim() === '' || busy) return
    setBusy(true)
    try {
      setMade(await take(http.POST('/api/v1/tokens', { body: { name: name.trim(), scope: 'understand' } })))
      setName('')
      await again()
    } catch (failure) {
      void message.error(reason(failure), 8)
    } finally {
      setBusy(false)
    }
  }
  const remove = async ({ id, name: its }: TokenView) => {
    try {
      await take(http.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } }))
      if (made?.token.id === id) setMade(undefined)
      await again()
      void message.success(t('understanding.token_removed', { name: its }))
    } catch (failure) {
      void message.error(reason(failure), 8)
    }
  }
  return (
    <div className="u-access">
      <p className="muted">{t('understanding.access_help')}</p>
      <div className="u-add">
        <Input
          value={name}
          maxLength={100}
          placeholder={t('understanding.token_name_help')}
          aria-label={t('understanding.token_name')}
          onChange={(event) => setName(event.target.value)}
          onPressEnter={() => void make()}
        />
        <Button type="primary" icon={<KeyRound size={14} />} loading={busy} disabled={name.trim() === ''} onClick={() => void make()}>
          {t('understanding.token_make')}
        </Button>
      </div>
      {made && <Made key={made.token.id} made={made} close={() => setMade(undefined)} />}
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      <section className="panel">
        {!data && !error && <Bones rows={3} />}
        {data?.length === 0 && (
          <Empty icon={<KeyRound size={20} />} title={t('understanding.no_tokens')}>
            {t('understanding.no_tokens_help')}
          </Empty>
        )}
        <ul>
          {data?.map((token) => (
            <Row key={token.id} token={token} now={now} remove={() => remove(token)} />
          ))}
        </ul>
      </section>
    </div>
  )
}
