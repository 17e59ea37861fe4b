/** A way back from what was just removed or pasted: a button in the note that says so, and Ctrl + Z. */
import { App, Button } from 'antd'
import { Undo2 } from 'lucide-react'
import { useCallback, useEffect } from 'react'
import { useTranslation } from 'react-i18next'

const SECONDS = 12
const KEY = 'entities.undo'

/** Outlives the list that it belongs to: a removed list is left at once. */
let last: (() => void) | undefined

export function useUndo(): (said: string, undo: () => void) => void {
  const { t } = useTranslation()
  const { message } = App.useApp()
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea')
      if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey || typing || !last) return
      event.preventDefault()
      last()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [])
  return useCallback(
    (said, undo) => {
      const back = () => {
        last = undefined
        message.destroy(KEY)
        undo()
      }
      last = back
      void message.open({
        key: KEY,
        type: 'info',
        duration: SECONDS,
        onClose: () => (last = undefined),
        content: (
          <span className="e-undo">
            {said}
            <Button size="small" icon={<Undo2 size={13} />} title="Ctrl + Z" onClick={back}>
              {t('entities.undo')}
            </Button>
          </span>
        ),
      })
    },
    [message, t],
  )
}
