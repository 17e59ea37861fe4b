/** The keys of the editor; what somebody types in a field is undone like any other change. */
import { useEffect, useRef } from 'react'
import { disconnect, duplicate, removeBlocks } from '../blocks'
import { useEdit } from '../context'
import type { Editing } from '../editing'
import { useKeys } from '../../../lib/hooks'

/** Takes away what is selected: blocks with the edges to them, or all edges of a line. */
function removeSelected(edit: Editing): void {
  const line = edit.line()
  if (line !== undefined) {
    const [from = '', to] = line.split(' ')
    const block = edit.draft().blocks.find(({ id }) => id === from)
    const names = Object.entries(block?.edges ?? {}).filter(([, target]) => target === to)
    edit.change((draft) => disconnect(draft, from, names.map(([name]) => name)))
  } else edit.change((draft) => removeBlocks(draft, edit.selected()))
}

const isElsewhere = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.closest('[role="dialog"], .nokey, [data-own-undo]') !== null

/** Gives what the key Delete does, for buttons. */
export function useEditorKeys({ find, tryOut, isIdle }: { find: () => void; tryOut: () => void; isIdle: boolean }): () => void {
  const edit = useEdit()
  const latest = useRef({ find, isIdle })
  useEffect(() => {
    latest.current = { find, isIdle }
  })
  const remove = () => removeSelected(edit)
  useKeys(
    isIdle
      ? {
          Delete: remove,
          Backspace: remove,
          Escape: () => edit.select([]),
          '/': find,
          t: tryOut,
          n: () => document.querySelector<HTMLElement>('.palette [data-kind]')?.focus(),
        }
      : {},
  )
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || isElsewhere(event.target)) return
      const key = event.key.toLowerCase()
      const isTyping = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA)$/.test(event.target.tagName)
      if (key === 'z') (event.shiftKey ? edit.redo : edit.undo)()
      else if (key === 'y') edit.redo()
      else if (key === 'f' && latest.current.isIdle) latest.current.find()
      else if (key === 'a' && !isTyping) edit.select(edit.shown().map(({ id }) => id))
      else if (key === 'd' && !isTyping && edit.selected().length > 0) {
        const draft = edit.draft()
        const made = duplicate(draft, edit.selected(), draft.metadata.layout)
        edit.change(() => made.draft)
        edit.select(made.ids)
      } else return
      event.preventDefault()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [edit])
  return remove
}
