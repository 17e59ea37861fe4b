/** Takes another document in place of the draft, after saying what becomes of the draft. */
import { App } from 'antd'
import { useTranslation } from 'react-i18next'
import { useEdit } from '../context'
import { replaced } from '../begin'

export function useReplace(): (name: string, document: Record<string, unknown>, after: () => void) => void {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const edit = useEdit()
  return (name, document, after) => {
    const take = () => {
      edit.change((draft) => replaced(draft, document))
      edit.look()
      void message.success(t('studio.taken', { name }), 6)
      after()
    }
    const count = edit.draft().blocks.length
    if (count === 0) return take()
    modal.confirm({
      title: t('studio.take_sure', { name }),
      content: (
        <ul className="sure">
          <li>{t('studio.sure_draft', { count })}</li>
          <li>{t('studio.sure_undo')}</li>
          <li>{t('studio.sure_live')}</li>
        </ul>
      ),
      width: 480,
      okText: t('studio.take'),
      cancelText: t('app.cancel'),
      onOk: take,
    })
  }
}
