/** The reasons that agents choose from when they are away. */
import { useQuery } from '@tanstack/react-query'
import { App, Button, Input } from 'antd'
import { ArrowUp, Plus, X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { awayReasons, setAwayReasons } from '../../api/floor'
import { queries } from '../../api/queries'
import { Bones, ErrorNote } from '../../components/Bits'
import { words } from '../../lib/format'
import { nameOf, up } from '../document'

function List({ reasons, writes }: { reasons: readonly string[]; writes: boolean }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [added, setAdded] = useState('')
  const [error, setError] = useState<unknown>()
  const shown = (reason: string) => t(`wallboard.reason.${reason}`, { defaultValue: words(reason) })
  const put = async (next: readonly string[]) => {
    try {
      queries.setQueryData(awayReasons.queryKey, await setAwayReasons(next))
      setError(undefined)
      void message.success(t('queueing.saved'))
      return true
    } catch (failure) {
      setError(failure)
      return false
    }
  }
  const name = nameOf(added) || added.trim()
  return (
    <>
      {error !== undefined && <ErrorNote error={error} />}
      <ol className="queue-reasons">
        {reasons.map((reason, place) => (
          <li key={reason} data-row tabIndex={-1}>
            <span>{shown(reason)}</span>
            <code className="muted">{reason}</code>
            {writes && (
              <span className="row">
                <Button type="text" size="small" disabled={place === 0} icon={<ArrowUp size={15} />} aria-label={t('queueing.reason_up', { reason: shown(reason) })} onClick={() => void put(up(reasons, place))} />
                <Button type="text" size="small" disabled={reasons.length === 1} icon={<X size={15} />} aria-label={`${t('queueing.take_out')}: ${shown(reason)}`} onClick={() => void put(reasons.filter((each) => each !== reason))} />
              </span>
            )}
          </li>
        ))}
      </ol>
      {writes && (
        <form
          className="row queue-add-reason"
          onSubmit={(event) => {
            event.preventDefault()
            if (name !== '') void put([...reasons, name]).then((done) => done && setAdded(''))
          }}
        >
          <Input value={added} maxLength={32} placeholder={t('queueing.reason')} aria-label={t('queueing.reason')} onChange={(event) => setAdded(event.target.value)} />
          <Button htmlType="submit" icon={<Plus size={14} />} disabled={name === ''}>
            {t('queueing.add_reason')}
          </Button>
        </form>
      )}
    </>
  )
}

export function Reasons({ writes }: { writes: boolean }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery(awayReasons)
  return (
    <section className="panel queue-reasons-panel">
      <p className="soft">{t('queueing.reasons_help')}</p>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {!data && !error && <Bones rows={4} />}
      {data && <List reasons={data} writes={writes} />}
    </section>
  )
}
