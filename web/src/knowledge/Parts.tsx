/** Small things of the knowledge base: how far an article has come, what of a text changed, and a voice to hear an answer by. */
import { Button, Tooltip } from 'antd'
import { Square, Volume2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { ArticleVersion, Review } from '../api/types'
import { useSpoken, type Said } from './useSpoken'

export function ReviewChip({ review }: { review: Review }) {
  const { t } = useTranslation()
  return <span className={`chip review-${review}`}>{t(`knowledge.review_${review}`)}</span>
}

export function Changes({ changes }: { changes: ArticleVersion['changes'] }) {
  const { t } = useTranslation()
  return (
    <dl className="changes">
      {changes.map(({ part, pieces }) => (
        <div key={part}>
          <dt>{t(`knowledge.part_${part}`)}</dt>
          <dd>
            {pieces.map(({ stands, text }, index) =>
              stands === 'old' ? (
                <del key={index}>{text}</del>
              ) : stands === 'new' ? (
                <ins key={index}>{text}</ins>
              ) : (
                <span key={index}>{text}</span>
              ),
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Says the short answer as a caller hears it. */
export function HearIt({ ear, eye, language }: Said) {
  const { t } = useTranslation()
  const { busy, playing, failed, play, stop } = useSpoken()
  return (
    <span className="hear">
      <Tooltip title={t('knowledge.hear_help')}>
        <Button
          size="small"
          loading={busy}
          icon={playing ? <Square size={13} /> : <Volume2 size={14} />}
          onClick={() => (playing ? stop() : void play({ ear, eye, language }))}
        >
          {t(playing ? 'knowledge.hear_stop' : 'knowledge.hear')}
        </Button>
      </Tooltip>
      {failed && (
        <span className="bad" role="alert">
          {failed}
        </span>
      )}
    </span>
  )
}
