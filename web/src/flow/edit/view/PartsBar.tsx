/** The main flow and its sub-flows, over the canvas: to go from one to the other, to begin another, to rename and take away one. */
import { App, Button, Dropdown, Input } from 'antd'
import { Ellipsis, Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MAIN, subFlowOf, blocksOf, calledBy } from '../../parts'
import { PartTabs } from '../../PartTabs'
import { useEdit, useEdited } from '../context'
import { addSubFlow, removeSubFlow, renameSubFlow } from '../subflows'

function Rename({ id, done }: { id: string; done: () => void }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const [name, setName] = useState(subFlowOf(edit.draft(), id)?.name ?? '')
  const take = () => {
    edit.change((draft) => renameSubFlow(draft, id, name))
    done()
  }
  return (
    <Input
      size="small"
      autoFocus
      className="part-name nokey"
      aria-label={t('flow.part_name')}
      data-own-undo
      maxLength={60}
      value={name}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setName(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Escape') done()
        else if (event.key === 'Enter' && !event.nativeEvent.isComposing) take()
        else return
        event.stopPropagation()
      }}
    />
  )
}

export function PartsBar() {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const edit = useEdit()
  const part = useEdited((now) => now.part())
  const draft = useEdited((now) => now.draft())
  const [renamed, setRenamed] = useState<string>()
  if (![...edit.specs.values()].some(({ fields }) => fields.some(({ type }) => type.kind === 'sub_flow'))) return null

  const add = () => {
    const made = addSubFlow(draft, t('flow.new_part'), edit.specs)
    edit.change(() => made.draft)
    edit.enter(made.id)
    setRenamed(made.id)
  }
  const remove = () => {
    const name = subFlowOf(draft, part)?.name ?? ''
    const callers = draft.blocks.filter((block) => calledBy(block, edit.specs.get(block.type)) === part).length
    modal.confirm({
      title: t('flow.remove_part_sure', { name }),
      content: [t('flow.remove_part_blocks', { count: blocksOf(draft, part).length }), callers > 0 ? t('flow.remove_part_callers', { count: callers }) : ''].join(' '),
      okText: t('flow.remove_part'),
      okButtonProps: { danger: true },
      cancelText: t('app.cancel'),
      onOk: () => edit.change((now) => removeSubFlow(now, part, edit.specs)),
    })
  }
  const tools = part !== MAIN && renamed !== part && (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [
          { key: 'rename', label: t('flow.rename_part'), onClick: () => setRenamed(part) },
          { key: 'remove', label: t('flow.remove_part'), danger: true, onClick: remove },
        ],
      }}
    >
      <Button type="text" size="small" icon={<Ellipsis size={14} />} aria-label={t('flow.part_more')} />
    </Dropdown>
  )
  return (
    <PartTabs
      parts={draft.sub_flows}
      open={part}
      enter={edit.enter}
      tools={tools}
      instead={renamed === part && part !== MAIN ? <Rename id={part} done={() => setRenamed(undefined)} /> : undefined}
    >
      <Button type="text" size="small" icon={<Plus size={14} />} title={t('flow.add_part_help')} onClick={add}>
        {t('flow.add_part')}
      </Button>
    </PartTabs>
  )
}
