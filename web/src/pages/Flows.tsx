/** The flows that answer calls; with a single one, straight to it. */
import { useQuery } from '@tanstack/react-query'
import { Waypoints } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, Navigate } from 'react-router-dom'
import { flows as flowsQuery } from '../api/queries'
import { Bones, Empty, ErrorNote } from '../components/Bits'
import { Head } from '../components/Shell'
import { useTitle } from '../lib/hooks'
import '../flow/flow.css'

export default function Flows() {
  const { t } = useTranslation()
  useTitle(t('nav.flows'))
  const { data, error, refetch } = useQuery(flowsQuery)
  const only = data?.length === 1 ? data[0] : undefined
  if (only) return <Navigate to={`/flows/${encodeURIComponent(only.id)}`} replace />
  return (
    <>
      <Head title={t('nav.flows')} />
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!data && !error && (
        <div className="panel">
          <Bones rows={4} />
        </div>
      )}
      {data?.length === 0 && (
        <section className="panel">
          <Empty icon={<Waypoints size={20} />} title={t('flow.empty')}>
            {t('flow.empty_help')}
          </Empty>
        </section>
      )}
      <div className="flow-list">
        {data?.map((flow) => (
          <Link key={flow.id} data-row className="panel flow-card" to={`/flows/${encodeURIComponent(flow.id)}`}>
            <strong>{flow.name}</strong>
            <span className="muted">{t('flow.note', { version: flow.version, count: flow.blocks })}</span>
            <span className="row tags">
              {flow.languages.map((language) => (
                <span key={language} className="chip">
                  {language}
                </span>
              ))}
            </span>
          </Link>
        ))}
      </div>
    </>
  )
}
