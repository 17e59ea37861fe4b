/** What is different between two versions, in words: blocks that came, went and changed, with what was and is. */
import { useTranslation } from 'react-i18next'
import { words } from '../../../lib/format'
import { isSame, type Change, type Difference } from '../difference'
import { Mark } from '../../Mark'

/** So few are told in full at once. */
const FEW = 5

const said = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

export function ChangeLine({ change }: { change: Change }) {
  const { path, was, is } = change
  return (
    <li className="change-line">
      <span className="muted mono">{path}</span>
      <span>
        {was !== undefined && <del>{said(was)}</del>} {is !== undefined && <ins>{said(is)}</ins>}
      </span>
    </li>
  )
}

interface Props {
  found: Difference
  selected?: string
  choose?: (block: string | undefined) => void
}

/** With `choose`, one block at a time is open, and its place on the graph is shown. */
export function ChangeList({ found, selected, choose }: Props) {
  const { t } = useTranslation()
  if (isSame(found)) return <p className="muted">{t('editor.no_difference')}</p>
  return (
    <ul className="change-list">
      {found.flow.length > 0 && (
        <li>
          <details>
            <summary>
              <Mark stands="changed" />
              <strong>{t('editor.the_flow')}</strong>
            </summary>
            <ul>
              {found.flow.map((change) => (
                <ChangeLine key={change.path} change={change} />
              ))}
            </ul>
          </details>
        </li>
      )}
      {found.blocks.map(({ id, stands, changes }) => (
        <li key={id}>
          <details open={choose ? selected === id : found.blocks.length <= FEW} className={selected === id ? 'change-chosen' : undefined}>
            <summary
              onClick={(event) => {
                if (!choose) return
                event.preventDefault()
                choose(selected === id ? undefined : id)
              }}
            >
              <Mark stands={stands} />
              <strong className="clip">{words(id)}</strong>
              <span className="muted">{t(`editor.stands_${stands}`)}</span>
            </summary>
            <ul>
              {changes.map((change) => (
                <ChangeLine key={change.path} change={change} />
              ))}
            </ul>
          </details>
        </li>
      ))}
    </ul>
  )
}
