/** Small things of the knowledge base: how far an article has come, what of a text changed, and a voice to hear an answer by. */
import { Button, Tooltip } from 'antd'
import { Square, Volume2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from '../api/client'
import type { ArticleVersion, Review } from '../api/types'
import { useReason } from '../components/Bits'

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

interface Sound {
  ear: string
  eye: string
  language: string
}

/** Says the short answer as a caller hears it. */
export function HearIt({ ear, eye, language }: Sound) {
  const { t } = useTranslation()
  const reason = useReason()
  const audio = useRef<HTMLAudioElement | null>(null)
  const [busy, setBusy] = useState(false)
  const [playing, setPlaying] = useState(false)
  const [failed, setFailed] = useState<string>()
  useEffect(() => () => audio.current?.pause(), [])
  const stop = () => {
    audio.current?.pause()
    audio.current = null
    setPlaying(false)
  }
  const play = async () => {
    stop()
    setFailed(undefined)
    setBusy(true)
    try {
      const reply = await fetch('/api/v1/knowledge/sound', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-hotline': '1' },
        body: JSON.stringify({ ear, eye, language }),
      })
      if (!reply.ok) {
        const { error } = (await reply.json()) as { error: { code: string; message: string } }
        throw new Failure(reply.status, error.code, error.message)
      }
      const address = URL.createObjectURL(await reply.blob())
      const sound = new Audio(address)
      audio.current = sound
      sound.onended = () => {
        URL.revokeObjectURL(address)
        stop()
      }
      setPlaying(true)
      await sound.play()
    } catch (error) {
      stop()
      setFailed(reason(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <span className="hear">
      <Tooltip title={t('knowledge.hear_help')}>
        <Button
          size="small"
          loading={busy}
          icon={playing ? <Square size={13} /> : <Volume2 size={14} />}
          onClick={() => (playing ? stop() : void play())}
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
