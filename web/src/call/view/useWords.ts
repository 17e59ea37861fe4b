/** Playing words: by a click, or with the keys. The transcript is one stop of the Tab key; the arrows go from word to word. */
import { useMemo, type FocusEvent, type KeyboardEvent, type MouseEvent } from 'react'
import { LEAD_MS } from '../words'

/** A word, by the key of its line and its place among the pieces. */
export interface Stop {
  line: string
  word: number
}

const wordOf = (target: EventTarget): HTMLElement | null => (target instanceof Element ? target.closest<HTMLElement>('.word') : null)

/** The word that an arrow leads to; Home and End stay in the line, up and down go to the first word of another. */
function next(words: readonly HTMLElement[], word: HTMLElement, key: string): HTMLElement | undefined {
  const at = words.indexOf(word)
  const ofLine = (line: string | undefined) => words.filter((other) => other.dataset['line'] === line)
  switch (key) {
    case 'ArrowRight':
      return words[at + 1]
    case 'ArrowLeft':
      return words[at - 1]
    case 'Home':
      return ofLine(word.dataset['line'])[0]
    case 'End':
      return ofLine(word.dataset['line']).at(-1)
    case 'ArrowDown':
      return words.slice(at).find((other) => other.dataset['line'] !== word.dataset['line'])
    case 'ArrowUp': {
      const above = words.slice(0, at).findLast((other) => other.dataset['line'] !== word.dataset['line'])
      return above && ofLine(above.dataset['line'])[0]
    }
    default:
      return undefined
  }
}

const KEYS = new Set(['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown', 'Home', 'End'])

/** What the transcript listens to on behalf of all its words. */
export function useWords(play: ((fromMs: number) => void) | undefined, choose: (stop: Stop) => void) {
  return useMemo(() => {
    const playFrom = (word: HTMLElement) => play?.(Math.max(0, Number(word.dataset['from']) - LEAD_MS))
    return {
      onClick: (event: MouseEvent<HTMLElement>) => {
        const word = wordOf(event.target)
        // Who selects text does not want to hear it.
        if (!word || window.getSelection()?.isCollapsed === false) return
        playFrom(word)
        // With the mouse the page's own keys go on to work: space pauses, arrows seek.
        if (event.detail > 0) word.blur()
      },
      onFocus: (event: FocusEvent<HTMLElement>) => {
        const word = wordOf(event.target)
        if (word) choose({ line: word.dataset['line'] ?? '', word: Number(word.dataset['word']) })
      },
      onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
        const word = wordOf(event.target)
        if (!word || event.ctrlKey || event.metaKey || event.altKey) return
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault()
          playFrom(word)
        } else if (KEYS.has(event.key)) {
          // The page's own arrows seek; on a word they lead to another, and at the last of them nowhere.
          event.preventDefault()
          next([...event.currentTarget.querySelectorAll<HTMLElement>('.word')], word, event.key)?.focus()
        }
      },
    }
  }, [play, choose])
}
