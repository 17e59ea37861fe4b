/** Finds a block by its name, its kind, its edges or any of its words. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { words } from '../../../lib/format'
import { BlockIcon } from '../../BlockIcon'
import { useEdit, useEdited } from '../context'
import { useRegistryWords } from '../words'
import { Finder } from './Finder'

export function FindBlock({ close }: { close: () => void }) {
  const { t } = useTranslation()
  const edit = useEdit()
  const draft = useEdited((now) => now.draft())
  const { kind } = useRegistryWords()
  const items = useMemo(
    () =>
      draft.blocks.map((block) => {
        const spec = edit.specs.get(block.type)
        return {
          key: block.id,
          label: words(block.id),
          note: kind(spec, block.type),
          icon: <BlockIcon kind={block.type} category={spec?.category} />,
          words: `${block.id} ${words(block.id)} ${block.type} ${spec?.title_en ?? ''} ${spec?.title_zh ?? ''} ${JSON.stringify([block.params, block.edges])}`.toLowerCase(),
        }
      }),
    [draft.blocks, edit, kind],
  )
  const look = (id: string) => edit.select([id])
  return (
    <div className="find-block">
      <Finder
        label={t('editor.find')}
        items={items}
        look={look}
        take={(id) => {
          look(id)
          close()
        }}
        close={close}
      />
    </div>
  )
}
