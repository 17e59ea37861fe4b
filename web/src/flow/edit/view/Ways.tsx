/** Where the edges of a block lead, to be changed without the mouse too. */
import { Select, Tooltip } from 'antd'
import { CircleHelp } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../../../lib/format'
import type { Block, BlockSpec } from '../../document'
import { addKind } from '../add'
import { connect, disconnect } from '../blocks'
import { useEdit, useEdited } from '../context'
import { isOpen, portsOf, type Port } from '../ports'
import { useRegistryWords } from '../words'
import { Found } from './Found'

const NEW = 'new block '

function Way({ block, port, targets }: { block: Block; port: Port; targets: { label: string; options: { value: string; label: string }[] }[] }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const { help } = useRegistryWords()
  const said = help(port) || (port.name === 'agent' ? t('editor.edge_agent') : port.unknown ? t('editor.edge_unknown') : '')
  const lead = (to: string | undefined) => {
    if (to === undefined) edit.change((draft) => disconnect(draft, block.id, [port.name]))
    else if (to.startsWith(NEW)) addKind(edit, to.slice(NEW.length), undefined, { block: block.id, edge: port.name })
    else edit.change((draft) => connect(draft, block.id, port.name, to))
  }
  return (
    <li data-field={`edges/${port.name}`} className={isOpen(port) ? 'way-open' : undefined}>
      <span className="row way-name">
        <span className="tag mono">{port.name}</span>
        {port.note !== '' && <span className="muted num">{port.note}</span>}
        {said !== '' && (
          <Tooltip title={said}>
            <CircleHelp size={13} className="way-help" aria-label={said} tabIndex={0} />
          </Tooltip>
        )}
      </span>
      <Select
        size="small"
        allowClear
        showSearch={{ optionFilterProp: 'label' }}
        popupMatchSelectWidth={false}
        aria-label={t('editor.leads_to', { edge: port.name })}
        status={isOpen(port) ? 'warning' : undefined}
        placeholder={t(isOpen(port) ? 'editor.not_connected' : 'editor.usual_way')}
        value={port.to}
        options={targets}
        onChange={lead}
      />
      <Found path={`edges/${port.name}`} kind="" />
    </li>
  )
}

export function Ways({ block, spec }: { block: Block; spec: BlockSpec | undefined }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const draft = useEdited((now) => now.draft())
  const { kind } = useRegistryWords()
  const here = useEdited((now) => now.shown())
  const ports = portsOf(block, spec, draft)
  const targets = useMemo(
    () => [
      { label: t('editor.blocks'), options: here.map(({ id }) => ({ value: id, label: words(id) })).sort((a, b) => a.label.localeCompare(b.label)) },
      { label: t('editor.new_block'), options: [...edit.specs.values()].map((one) => ({ value: NEW + one.name, label: `+ ${kind(one, one.name)}` })) },
    ],
    [here, edit, t, kind],
  )
  const open = ports.filter(isOpen)
  const leadAll = (to: string) => {
    const [first, ...others] = open
    if (!first) return
    if (to.startsWith(NEW)) addKind(edit, to.slice(NEW.length), undefined, { block: block.id, edge: first.name })
    const target = to.startsWith(NEW) ? edit.selected()[0] : to
    if (target === undefined) return
    edit.change((now) => (to.startsWith(NEW) ? others : open).reduce((before, { name }) => connect(before, block.id, name, target), now))
  }
  return (
    <section data-field="edges">
      <h3>{t('flow.edges')}</h3>
      {ports.length === 0 && <p className="muted">{t('flow.no_edges')}</p>}
      <ul className="ways-edit">
        {open.length > 1 && (
          <li className="ways-all">
            <span>{t('editor.all_open', { count: open.length })}</span>
            <Select
              size="small"
              showSearch={{ optionFilterProp: 'label' }}
              popupMatchSelectWidth={false}
              aria-label={t('editor.all_open', { count: open.length })}
              placeholder={t('editor.choose_block')}
              value={null}
              options={targets}
              onChange={leadAll}
            />
          </li>
        )}
        {ports.map((port) => (
          <Way key={port.name} block={block} port={port} targets={targets} />
        ))}
      </ul>
    </section>
  )
}
