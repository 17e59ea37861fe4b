/** Copy, cut and paste of blocks, by the browser's own keys, within a flow and between flows. */
import { App } from 'antd'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Position } from '../../document'
import { BESIDE, removeBlocks } from '../blocks'
import { copy as clipOf, paste, readClip } from '../clip'
import { useEdit } from '../context'

/** Text that somebody types or has marked is the browser's to copy. */
const isBusy = (target: EventTarget | null): boolean =>
  (target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA)$/.test(target.tagName) || target.closest('[role="dialog"]') !== null)) ||
  (getSelection()?.toString() ?? '') !== ''

export function useClipboard(middle: () => Position) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const edit = useEdit()
  const latest = useRef(middle)
  useEffect(() => {
    latest.current = middle
  })
  const text = () => JSON.stringify(clipOf(edit.draft(), edit.selected(), edit.draft().metadata.layout), null, 2)
  const told = () => void message.success(t('editor.copied', { count: edit.selected().length }))

  useEffect(() => {
    const copied = (event: ClipboardEvent) => {
      if (isBusy(event.target) || edit.selected().length === 0) return
      event.clipboardData?.setData('text/plain', JSON.stringify(clipOf(edit.draft(), edit.selected(), edit.draft().metadata.layout), null, 2))
      event.preventDefault()
      if (event.type === 'cut') edit.change((draft) => removeBlocks(draft, edit.selected()))
    }
    const pasted = (event: ClipboardEvent) => {
      if (isBusy(event.target)) return
      const clip = readClip(event.clipboardData?.getData('text/plain') ?? '')
      if (!clip) return
      event.preventDefault()
      const [first] = clip.blocks
      const before = first && clip.flow === edit.draft().id ? edit.draft().metadata.layout[first.id] : undefined
      const corner = before && Object.values(clip.layout)
      const at = corner
        ? { x: Math.min(...corner.map(({ x }) => x)) + BESIDE.x, y: Math.min(...corner.map(({ y }) => y)) + BESIDE.y }
        : latest.current()
      const made = paste(edit.draft(), clip, at)
      edit.change(() => made.draft)
      edit.select(made.ids)
    }
    window.addEventListener('copy', copied)
    window.addEventListener('cut', copied)
    window.addEventListener('paste', pasted)
    return () => {
      window.removeEventListener('copy', copied)
      window.removeEventListener('cut', copied)
      window.removeEventListener('paste', pasted)
    }
  }, [edit])

  return {
    copy: () => {
      // Only a secure page may write without a key pressed.
      navigator.clipboard?.writeText(text()).then(told, () => void message.info(t('editor.copy_by_key')))
      if (!navigator.clipboard) void message.info(t('editor.copy_by_key'))
    },
  }
}
