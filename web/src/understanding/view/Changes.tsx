/** What is different between two versions, by intent: lines that came and lines that went. */
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { intentsDifference, intentVersion } from '../../api/queries'
import type { TrainingDraft } from '../../api/types'
import { Bones, ErrorNote } from '../../components/Bits'
import { useLanguage } from '../../lib/hooks'
import { useUnderstood } from '../context'
import { difference } from '../entities/list'
import { comeAndGone, shareValues } from '../share'

function Counts({ added, removed }: { added: number; removed: number }) {
  return (
    <>
      {added > 0 && <span className="num u-come">{`+${added}`}</span>}
      {removed > 0 && <span className="num u-gone">{`−${removed}`}</span>}
    </>
  )
}

/** The lists that the difference by intent does not speak of. */
function Lists({ from, to }: { from: TrainingDraft; to: TrainingDraft }) {
  const { t } = useTranslation()
  const lists = [
    ['understanding.view_out_of_scope', comeAndGone(from.out_of_scope ?? [], to.out_of_scope ?? [])],
    ['understanding.view_tests', comeAndGone(from.tests ?? [], to.tests ?? [])],
  ] as const
  const changed = lists.filter(([, { added, removed }]) => added + removed > 0)
  if (changed.length === 0) return null
  return (
    <ul className="u-diff-lists">
      {changed.map(([name, { added, removed }]) => (
        <li key={name}>
          <strong>{t(name)}</strong>
          <Counts added={added} removed={removed} />
        </li>
      ))}
    </ul>
  )
}

/** Lists of what callers name, entry by entry. */
function Entities({ from, to }: { from: TrainingDraft; to: TrainingDraft }) {
  const { t } = useTranslation()
  const of = (draft: TrainingDraft, list: string) => draft.lists?.find(({ name }) => name === list)?.values ?? []
  const names = [...new Set([...(from.lists ?? []), ...(to.lists ?? [])].map(({ name }) => name))].sort()
  return names.map((name) => {
    const { added, removed, changed } = difference(of(from, name), of(to, name))
    if (added.length + removed.length + changed.length === 0) return null
    return (
      <details key={name}>
        <summary>
          <strong>{t('entities.changed_entries', { name })}</strong>
          <Counts added={added.length + changed.length} removed={removed.length + changed.length} />
        </summary>
        <ul>
          {[...added, ...changed].map((value) => (
            <li key={`+ ${value}`} className="u-come">
              <ins>{value}</ins>
            </li>
          ))}
          {[...removed, ...changed].map((value) => (
            <li key={`- ${value}`} className="u-gone">
              <del>{value}</del>
            </li>
          ))}
        </ul>
      </details>
    )
  })
}

interface Props {
  /** The earlier version; the flow's own intents when left out. */
  from: number | undefined
  /** The later; the saved draft when left out. */
  to: number | undefined
}

export function Changes({ from, to }: Props) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { intents, nameOf } = useUnderstood()
  const { data, error, refetch } = useQuery(intentsDifference(from, to))
  const earlier = useQuery({ ...intentVersion(from ?? 0), enabled: from !== undefined })
  const later = useQuery({ ...intentVersion(to ?? 0), enabled: to !== undefined })
  const was: TrainingDraft | undefined = from === undefined ? {} : earlier.data?.draft
  const is: TrainingDraft | undefined = to === undefined ? intents.draft && { out_of_scope: intents.draft.out_of_scope, tests: intents.draft.tests, lists: intents.draft.lists } : later.data?.draft
  if (error) return <ErrorNote error={error} again={() => void refetch()} />
  if (!data) return <Bones rows={3} />
  return (
    <div className="u-diff">
      {data.tests && (
        <p className="soft">
          {t('understanding.tests_from_to', {
            from: t('understanding.share', shareValues(data.tests.from, language)),
            to: t('understanding.share', shareValues(data.tests.to, language)),
          })}
        </p>
      )}
      {was && is && <Lists from={was} to={is} />}
      {was && is && <Entities from={was} to={is} />}
      {data.intents.length === 0 && <p className="muted">{t('understanding.same')}</p>}
      {data.intents.map(({ name, added, removed }) => (
        <details key={name} open={data.intents.length <= 6}>
          <summary>
            <strong>{nameOf(name)}</strong>
            <Counts added={added.length} removed={removed.length} />
          </summary>
          <ul>
            {added.map((text) => (
              <li key={`+ ${text}`} className="u-come">
                <ins>{text}</ins>
              </li>
            ))}
            {removed.map((text) => (
              <li key={`- ${text}`} className="u-gone">
                <del>{text}</del>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  )
}
