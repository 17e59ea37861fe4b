/** The keys, by page; opened with `?`. */
import { Modal } from 'antd'
import { useTranslation } from 'react-i18next'
import './keys.css'

const groups = [
  { name: 'keys.everywhere', keys: [['?', 'keys.help'], ['0 – 9, q', 'keys.pages'], ['Esc', 'keys.close']] },
  {
    name: 'keys.phone',
    keys: [['a', 'keys.answer'], ['d', 'keys.decline'], ['h', 'keys.hold'], ['m', 'keys.mute'], ['k', 'keys.keypad'], ['t', 'keys.transfer'], ['n', 'keys.notes'], ['x', 'keys.hang_up']],
  },
  { name: 'keys.floor', keys: [['f', 'keys.wall'], ['/', 'keys.search_words'], ['j k', 'keys.rows']] },
  { name: 'keys.lists', keys: [['j', 'keys.next_row'], ['k', 'keys.previous_row'], ['Enter', 'keys.open_row'], ['/', 'keys.search']] },
  {
    name: 'keys.understanding',
    keys: [['t', 'keys.try'], ['n', 'keys.new_intent'], ['Ctrl S', 'keys.save'], ['↑ ↓', 'keys.groups'], ['Enter', 'keys.teach'], ['x', 'keys.put_aside']],
  },
  {
    name: 'keys.editor',
    keys: [
      ['Ctrl Z, Ctrl Shift Z', 'keys.editor_undo'],
      ['Ctrl F', 'keys.editor_find'],
      ['n', 'keys.editor_palette'],
      ['t', 'editor.try'],
      ['Enter', 'keys.editor_add'],
      ['Ctrl D', 'keys.editor_duplicate'],
      ['Del', 'keys.editor_remove'],
      ['Tab', 'keys.editor_walk'],
    ],
  },
  {
    name: 'keys.call',
    keys: [['Space', 'keys.play'], ['j', 'keys.next_line'], ['k', 'keys.previous_line'], ['← →', 'keys.seek'], ['Tab', 'keys.word']],
  },
] as const

export default function KeysHelp({ close }: { close: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal title={t('keys.title')} open onCancel={close} footer={null} width={560}>
      <div className="keys">
        {groups.map(({ name, keys }) => (
          <section key={name}>
            <h2>{t(name)}</h2>
            <dl>
              {keys.map(([key, does]) => (
                <div key={does}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{t(does)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  )
}
