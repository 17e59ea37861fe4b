/** Lists of what callers name: all of them, one in its editor, and a box to try what is found in a text. What is open is in the address. */
import { ChevronLeft, Tags } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router-dom'
import { Bones, Empty } from '../../../components/Bits'
import { useNarrow } from '../../../lib/hooks'
import { useUnderstood } from '../../context'
import { ListEditor } from './ListEditor'
import { ListNav } from './ListNav'
import { TryValues } from './TryValues'
import { useUndo } from './useUndo'
import './entities.css'

export default function Entities() {
  const { t } = useTranslation()
  const narrow = useNarrow()
  useUndo()
  const { intents } = useUnderstood()
  const [params, setParams] = useSearchParams()
  const wanted = params.get('list')
  const lists = intents.work?.lists ?? []
  const list = lists.find(({ key }) => key === wanted) ?? lists.find(({ name }) => name === wanted)
  // A list that is new or renamed has its name for a key once it is saved: the address follows.
  const shown = useRef<{ wanted: string; name: string }>(undefined)
  const name = list?.name
  useEffect(() => {
    if (wanted === null) return
    const before = shown.current
    if (name !== undefined) shown.current = { wanted, name }
    else if (before?.wanted === wanted && lists.some(({ key }) => key === before.name)) setParams({ list: before.name }, { replace: true })
  })
  if (!intents.work) {
    return intents.error === null ? (
      <div className="panel">
        <Bones rows={8} />
      </div>
    ) : null
  }
  return (
    <div className="u-intents e-entities">
      {!(narrow && wanted !== null) && <ListNav open={list?.key} />}
      {(!narrow || wanted !== null) && (
        <section className="panel u-open">
          {narrow && (
            <Link to="/understanding/entities" className="u-back">
              <ChevronLeft size={15} aria-hidden />
              {t('understanding.tab_entities')}
            </Link>
          )}
          {list ? (
            <ListEditor key={list.key} list={list} />
          ) : (
            <Empty icon={<Tags size={20} />} title={t(wanted !== null ? 'entities.no_such' : lists.length > 0 ? 'entities.choose' : 'entities.none_yet')}>
              {t('entities.choose_help')}
            </Empty>
          )}
        </section>
      )}
      <TryValues open={list?.name} />
    </div>
  )
}
