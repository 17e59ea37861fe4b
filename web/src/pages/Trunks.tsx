/** The ways into the telephone network: which can be called through, and what to do about those that cannot. */
import { useQuery } from '@tanstack/react-query'
import { Cable, TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { trunks as trunksQuery } from '../api/queries'
import type { Me, Trunk } from '../api/types'
import { Bones, Empty, ErrorNote, Moment } from '../components/Bits'
import { Head } from '../components/Shell'
import { dateTime, when } from '../lib/format'
import { useLanguage, useNow, useTitle } from '../lib/hooks'
import { help, inOrder, isOver } from '../technical/trunk'
import './trunks.css'

const EXAMPLE = `[sip]
default_country = "DE"

[trunk.carrier]
address = ["sip.carrier.example"]
registrar = "sip:sip.carrier.example"
username = "4930123456"
password_file = "carrier.password"`

function Card({ trunk, now }: { trunk: Trunk; now: number }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { state, since, registered, last_error } = trunk
  const number = new Intl.NumberFormat(language)
  const over = isOver(trunk)
  const facts = [
    ['trunk.registered', t(registered === null ? 'trunk.registered_unneeded' : registered ? 'trunk.registered_yes' : 'trunk.registered_no')],
    ['trunk.now', number.format(trunk.calls_now)],
    ['trunk.today', number.format(trunk.calls_today)],
  ] as const
  return (
    <li className={`panel trunk trunk-${state}`} data-row tabIndex={-1}>
      <div className="trunk-head">
        <h2 className="clip">{trunk.name}</h2>
        <span className="trunk-state">
          <i aria-hidden />
          {t(`trunk.${state}`)}
        </span>
        {since !== null && (
          <span className="muted trunk-since" title={dateTime(since, language)}>
            {t('trunk.since', { time: when(since, language, now) })}
          </span>
        )}
      </div>
      <dl className="trunk-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(name)}</dt>
            <dd className="num">{value}</dd>
          </div>
        ))}
      </dl>
      {last_error !== null && (
        <div className={over ? 'trunk-error trunk-error-over' : 'trunk-error'}>
          <TriangleAlert size={15} aria-hidden />
          <div>
            <p>
              <b>{t('trunk.last_error')}</b>{' '}
              <span className="muted">
                <Moment at={last_error.at} now={now} relative />
              </span>
            </p>
            <p className="mono">{last_error.status === 0 ? last_error.reason : `${last_error.status} ${last_error.reason}`}</p>
            <p>{t(over ? 'trunk.over' : help(last_error.status))}</p>
          </div>
        </div>
      )}
    </li>
  )
}

function List() {
  const { t } = useTranslation()
  const now = useNow(10_000)
  const { data, error, refetch } = useQuery(trunksQuery)
  return (
    <>
      <Head title={t('nav.trunks')} note={data && t('trunk.note', { count: data.length })} />
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!data && !error && (
        <div className="panel">
          <Bones rows={4} />
        </div>
      )}
      {data?.length === 0 && (
        <section className="panel">
          <Empty icon={<Cable size={20} />} title={t('trunk.empty')}>
            <p>{t('trunk.empty_help')}</p>
            <pre className="trunk-example" tabIndex={0}>
              {EXAMPLE}
            </pre>
          </Empty>
        </section>
      )}
      <ul className="trunks">
        {inOrder(data ?? []).map((trunk) => (
          <Card key={trunk.name} trunk={trunk} now={now} />
        ))}
      </ul>
    </>
  )
}

export default function Trunks({ me }: { me: Me }) {
  const { t } = useTranslation()
  useTitle(t('nav.trunks'))
  if (me.role === 'admin') return <List />
  return (
    <section className="panel">
      <Empty icon={<Cable size={20} />} title={t('trunk.admins')}>
        {t('trunk.admins_help')}
      </Empty>
    </section>
  )
}
