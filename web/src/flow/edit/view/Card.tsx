/** A block on the canvas: what it is, what is wrong with it, and the edges that can be pulled from it. */
import { Handle, Position, type NodeProps } from '@xyflow/react'
import { CircleX, TriangleAlert } from 'lucide-react'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../../../lib/format'
import { BlockIcon } from '../../BlockIcon'
import { Ends } from '../../Ends'
import type { BlockNode } from '../graph'
import { isOpen, PORT, type Port } from '../ports'
import { useRegistryWords } from '../words'

function PortPill({ port }: { port: Port }) {
  const { t } = useTranslation()
  const { help } = useRegistryWords()
  const look = port.unknown ? 'port-unknown' : isOpen(port) ? 'port-open' : port.to === undefined ? 'port-free' : 'port-wired'
  const leads = port.to === undefined ? t(isOpen(port) ? 'editor.port_open' : 'editor.port_free') : t('editor.port_wired', { to: words(port.to) })
  return (
    <Handle
      id={PORT + port.name}
      type="source"
      position={Position.Bottom}
      className={`port ${look}`}
      data-port={port.name}
      title={[help(port), leads].filter(Boolean).join('\n')}
    >
      {port.name}
      {port.note !== '' && <b className="num">{port.note}</b>}
    </Handle>
  )
}

function Roles({ data }: { data: BlockNode['data'] }) {
  const { t } = useTranslation()
  return (
    <>
      {data.start && <span className="chip chip-start">{t('flow.start')}</span>}
      {data.person && <span className="chip chip-person">{t('editor.role_person')}</span>}
      {data.hangup && <span className="chip">{t('editor.role_hangup')}</span>}
    </>
  )
}

function BlockCard({ id, data, selected }: NodeProps<BlockNode>) {
  const { t } = useTranslation()
  const { kind } = useRegistryWords()
  const { block, spec, ports, badge, tried } = data
  return (
    <>
      <div className={`block${selected ? ' block-selected' : ''}${badge?.errors ? ' block-wrong' : ''}${tried ? ` block-${tried}` : ''}`}>
        <Ends />
        <BlockIcon kind={block.type} category={spec?.category} />
        <div className="spread">
          <strong className="clip" title={block.id}>
            {words(id)}
          </strong>
          <span className="muted clip">{kind(spec, block.type)}</span>
        </div>
        <Roles data={data} />
        {badge && (
          <span
            className={`badge ${badge.errors > 0 ? 'badge-error' : 'badge-warning'}`}
            title={t('editor.badge', { errors: badge.errors, warnings: badge.warnings })}
          >
            {badge.errors > 0 ? <CircleX size={12} aria-hidden /> : <TriangleAlert size={12} aria-hidden />}
            <span className="num">{badge.errors || badge.warnings}</span>
          </span>
        )}
      </div>
      {ports.length > 0 && (
        <div className="ports nodrag" aria-hidden>
          {ports.map((port) => (
            <PortPill key={port.name} port={port} />
          ))}
        </div>
      )}
    </>
  )
}

export const Card = memo(BlockCard)
