/** The words of a line, each to be played by itself; what is done with them is `useWords`' to say. */
import { Fragment, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import type { Playhead } from '../playhead'
import { wordAt, type Piece } from '../words'

interface Props {
  line: string
  pieces: readonly Piece[]
  current: boolean
  head: Playhead
  stop: number | undefined
}

/** A line that does not sound has no word to mark. */
const silent = () => () => undefined

export function Words({ line, pieces, current, head, stop }: Props) {
  const { t } = useTranslation()
  const sounding = useSyncExternalStore(current ? head.subscribe : silent, () => (current ? wordAt(pieces, head.now()) : -1))
  return (
    <span role="group" aria-label={t('transcript.words')}>
      {pieces.map(({ text, from }, index) =>
        from === undefined ? (
          <Fragment key={index}>{text}</Fragment>
        ) : (
          // No button element: its text could not be selected and copied with the rest, and would not break between lines.
          <span
            key={index}
            role="button"
            tabIndex={index === stop ? 0 : -1}
            className={index === sounding ? 'word word-current' : 'word'}
            data-line={line}
            data-word={index}
            data-from={from}
          >
            {text}
          </span>
        ),
      )}
    </span>
  )
}
