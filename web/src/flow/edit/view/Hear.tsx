/** Plays a prompt where it is written: its recording when there is one for these words, otherwise the voice. */
import { Button } from 'antd'
import { Play, Square } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { prompts as promptsQuery, promptUrl, queries } from '../../../api/queries'
import { useSpoken } from '../../../knowledge/useSpoken'
import { spoken } from '../spoken'

async function recordingOf(text: string, language: string): Promise<string | undefined> {
  const known = await queries.fetchQuery({ ...promptsQuery, staleTime: 30_000 }).catch(() => [])
  const prompt = known.find((one) => one.text === text && one.language === language && one.recording !== null)
  return prompt && promptUrl(prompt.id, prompt.recording?.uploaded_at ?? 0)
}

export function Hear({ text, language }: { text: string; language: string }) {
  const { t } = useTranslation()
  const { busy, playing, failed, play, stop } = useSpoken()
  const said = spoken(text)
  const start = () => void play({ ear: said, eye: '', language }, () => recordingOf(text, language))
  return (
    <>
      <Button
        type="text"
        size="small"
        className="hear-it"
        loading={busy}
        disabled={said === ''}
        icon={playing ? <Square size={12} /> : <Play size={12} />}
        aria-label={t(playing ? 'prompt.stop' : 'prompt.play')}
        title={t(playing ? 'prompt.stop' : 'prompt.play')}
        onClick={() => (playing ? stop() : start())}
      />
      {failed && (
        <span className="bad hear-failed" role="alert">
          {failed}
        </span>
      )}
    </>
  )
}
