/** The intents: the list, one of them in its editor, and a box to try what the live version understands. What is open is in the address. */
import { ChevronLeft, MessagesSquare } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router-dom'
import { Bones, Empty } from '../../components/Bits'
import { useNarrow } from '../../lib/hooks'
import { useUnderstood } from '../context'
import { Checked } from './Checked'
import { Editor } from './Editor'
import { BroughtNote } from './Exchange'
import { IntentList } from './IntentList'
import { OutOfScope } from './OutOfScope'
import { Tests } from './Tests'
import { Try } from './Try'

const views = ['out_of_scope', 'tests', 'check'] as const
type View = (typeof views)[number]

function Open({ name, view }: { name: string | null; view: View | undefined }) {
  const { t } = useTranslation()
  const { intents } = useUnderstood()
  if (view === 'out_of_scope') return <OutOfScope />
  if (view === 'tests') return <Tests />
  if (view === 'check') return <Checked />
  const intent = intents.work?.intents.find((one) => one.name === name)
  if (intent) return <Editor key={intent.name} intent={intent} />
  return (
    <Empty icon={<MessagesSquare size={20} />} title={t(name === null ? 'understanding.choose' : 'understanding.no_such')}>
      {t('understanding.choose_help')}
    </Empty>
  )
}

export function Intents() {
  const { t } = useTranslation()
  const narrow = useNarrow()
  const { intents } = useUnderstood()
  const [params] = useSearchParams()
  const name = params.get('intent')
  const view = views.find((one) => one === params.get('view'))
  const open = name !== null || view !== undefined
  if (!intents.work) {
    return intents.error === null ? (
      <div className="panel">
        <Bones rows={8} />
      </div>
    ) : null
  }
  return (
    <>
      <BroughtNote />
      <div className="u-intents">
        {!(narrow && open) && <IntentList open={view ?? (name === null ? undefined : `intent ${name}`)} />}
        {(!narrow || open) && (
          <section className="panel u-open">
            {narrow && (
              <Link to="/understanding/intents" className="u-back">
                <ChevronLeft size={15} aria-hidden />
                {t('understanding.tab_intents')}
              </Link>
            )}
            <Open name={name} view={view} />
          </section>
        )}
        <Try />
      </div>
    </>
  )
}
