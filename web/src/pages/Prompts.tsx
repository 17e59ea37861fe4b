/** The prompt library: what the flow says to everybody, to listen to, and to record. */
import { useQuery } from '@tanstack/react-query'
import { App, Button, Input, Popconfirm, Segmented, Tooltip } from 'antd'
import { MessageSquareQuote, Mic, Play, Search, Square, Trash2, Upload, Volume2 } from 'lucide-react'
import { useRef, useState, type ChangeEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { http, take } from '../api/client'
import { prompts as promptsQuery, promptUrl, queries } from '../api/queries'
import type { Me, Prompt } from '../api/types'
import { Bones, Empty, ErrorNote, useReason } from '../components/Bits'
import { Head } from '../components/Shell'
import { useLanguage, useTitle } from '../lib/hooks'
import { useSound, type Player } from '../lib/useSound'
import './prompts.css'

type Filter = 'all' | 'en' | 'zh-CN' | 'recorded'

const signed = (value: number, language: string) =>
  new Intl.NumberFormat(language, { signDisplay: 'exceptZero', maximumFractionDigits: 1 }).format(value)
const seconds = (ms: number, language: string) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(ms / 1000)

function Row({ prompt, me, player }: { prompt: Prompt; me: Me; player: Player }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { message } = App.useApp()
  const reason = useReason()
  const file = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const { recording } = prompt
  const isPlaying = player.playing === prompt.id

  const run = async (work: () => Promise<string>) => {
    setBusy(true)
    try {
      const words = await work()
      await queries.invalidateQueries({ queryKey: promptsQuery.queryKey })
      void message.success(words)
    } catch (error) {
      void message.error(reason(error), 8)
    } finally {
      setBusy(false)
    }
  }
  const upload = (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = event.target.files?.[0]
    event.target.value = ''
    if (!chosen) return
    void run(async () => {
      const made = await take(
        http.PUT('/api/v1/prompts/{id}/recording', {
          params: { path: { id: prompt.id }, query: { file: chosen.name } },
          body: chosen as never,
          bodySerializer: (body: unknown) => body as Blob,
          headers: { 'content-type': 'audio/wav' },
        }),
      )
      const { gain_db = 0, duration_ms = 0 } = made.recording ?? {}
      return t('prompt.uploaded', { gain: signed(gain_db, language), seconds: seconds(duration_ms, language) })
    })
  }
  const remove = () =>
    run(async () => {
      await take(http.DELETE('/api/v1/prompts/{id}/recording', { params: { path: { id: prompt.id } } }))
      return t('prompt.removed')
    })

  return (
    <li className="prompt" data-row tabIndex={-1}>
      <Button
        shape="circle"
        type={isPlaying ? 'primary' : 'default'}
        icon={isPlaying ? <Square size={13} /> : <Play size={14} />}
        aria-label={`${t(isPlaying ? 'prompt.stop' : 'prompt.play')}: ${prompt.text}`}
        onClick={() => (isPlaying ? player.stop() : player.play({ key: prompt.id, url: promptUrl(prompt.id, recording?.uploaded_at ?? 0) }))}
      />
      <div className="prompt-body">
        <p lang={prompt.language}>{prompt.text}</p>
        <p className="prompt-facts">
          <span className="prompt-tag">{t(prompt.language === 'en' ? 'prompt.language_en' : 'prompt.language_zh')}</span>
          {recording ? (
            <Tooltip title={t('prompt.loudness', { lufs: signed(recording.was_lufs, language) })}>
              <span className="prompt-recorded">
                <Mic size={13} aria-hidden />
                {recording.file === '' ? t('prompt.recorded_unnamed') : t('prompt.recorded', { file: recording.file })}
                <span className="muted num">
                  {t('prompt.about', {
                    seconds: seconds(recording.duration_ms, language),
                    gain: signed(recording.gain_db, language),
                  })}
                </span>
              </span>
            </Tooltip>
          ) : (
            <span className="muted prompt-voice">
              <Volume2 size={13} aria-hidden />
              {prompt.voice === null ? t('prompt.no_voice') : t('prompt.voice', { voice: prompt.voice })}
            </span>
          )}
          {prompt.places.length === 0 && <span className="muted">{t('prompt.unused')}</span>}
          {prompt.places.map((place) => (
            <Link key={`${place.block}/${place.field}`} to="/flows" className="prompt-place mono" title={place.field}>
              {place.block}
            </Link>
          ))}
        </p>
        {player.failed === prompt.id && (
          <p className="prompt-failed" role="alert">
            {t('prompt.not_played')}
          </p>
        )}
      </div>
      {me.role === 'admin' && (
        <div className="prompt-tools">
          <input ref={file} type="file" accept=".wav,audio/wav,audio/x-wav" hidden onChange={upload} data-upload={prompt.id} />
          <Tooltip title={t('prompt.formats')}>
            <Button
              size="small"
              loading={busy}
              icon={<Upload size={14} />}
              onClick={() => file.current?.click()}
              disabled={prompt.places.length === 0}
            >
              {t(recording ? 'prompt.replace' : 'prompt.record')}
            </Button>
          </Tooltip>
          {recording && (
            <Popconfirm title={t('prompt.remove_sure')} okText={t('prompt.remove')} onConfirm={() => void remove()}>
              <Button size="small" danger type="text" icon={<Trash2 size={14} />} aria-label={t('prompt.remove')} />
            </Popconfirm>
          )}
        </div>
      )}
    </li>
  )
}

export default function Prompts({ me }: { me: Me }) {
  const { t } = useTranslation()
  useTitle(t('nav.prompts'))
  const { data, error, refetch } = useQuery(promptsQuery)
  const [filter, setFilter] = useState<Filter>('all')
  const [words, setWords] = useState('')
  const player = useSound()
  const wanted = words.trim().toLowerCase()
  const shown = (data ?? []).filter(
    ({ language, recording, text, places }) =>
      (filter === 'all' || (filter === 'recorded' ? recording !== null : language === filter)) &&
      (wanted === '' || text.toLowerCase().includes(wanted) || places.some(({ block }) => block.toLowerCase().includes(wanted))),
  )
  const recorded = (data ?? []).filter(({ recording }) => recording !== null).length
  const languages = new Set((data ?? []).map(({ language }) => language))
  return (
    <>
      <Head title={t('nav.prompts')} note={data && t('prompt.note', { count: data.length, recorded })} />
      <p className="muted prompts-help">{t('prompt.help')}</p>
      {error && <ErrorNote error={error} again={() => void refetch()} />}
      {data && data.length > 0 && (
        <div className="prompts-filter">
          <Segmented<Filter>
            value={filter}
            onChange={setFilter}
            options={[
              { value: 'all', label: t('prompt.all') },
              ...(languages.has('en') ? [{ value: 'en' as const, label: t('prompt.language_en') }] : []),
              ...(languages.has('zh-CN') ? [{ value: 'zh-CN' as const, label: t('prompt.language_zh') }] : []),
              { value: 'recorded', label: t('prompt.only_recorded') },
            ]}
          />
          <Input
            allowClear
            prefix={<Search size={14} aria-hidden />}
            placeholder={t('prompt.search')}
            aria-label={t('prompt.search')}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
        </div>
      )}
      <section className="panel">
        {!data && !error && <Bones rows={6} />}
        {data?.length === 0 && (
          <Empty icon={<MessageSquareQuote size={20} />} title={t('prompt.empty')}>
            {t('prompt.empty_help')}
          </Empty>
        )}
        {data && data.length > 0 && shown.length === 0 && <p className="muted prompts-none">{t('prompt.nothing')}</p>}
        <ul className="prompts">
          {shown.map((prompt) => (
            <Row key={prompt.id} prompt={prompt} me={me} player={player} />
          ))}
        </ul>
      </section>
    </>
  )
}
