/** A group of utterances: each to be heard and left out, and what they mean to be said with one click or Enter. */
import { App, Button, Checkbox, Segmented, Select } from 'antd'
import { MessageSquareText, Play, Square, SquareArrowOutUpRight } from 'lucide-react'
import { useMemo, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { http, take } from '../../api/client'
import { recordingUrl } from '../../api/queries'
import type { Group, Keep, Utterance } from '../../api/types'
import { Moment, useReason } from '../../components/Bits'
import { percent } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import type { Player, Sound } from '../../lib/useSound'
import { useUnderstood } from '../context'
import { keyOf } from '../lines'
import { nameFrom } from '../share'

type Kept = Exclude<Keep, 'nothing'>

const keyOfUtterance = ({ call, seq }: Utterance) => `${call} ${seq}`

/** Recognition cuts close; a little before and after belongs to the words. */
const AROUND_MS = 250

const soundOf = (utterance: Utterance): Sound => ({
  key: keyOfUtterance(utterance),
  url: recordingUrl(utterance.call),
  piece: { fromMs: Math.max(0, utterance.from_ms - AROUND_MS), toMs: utterance.to_ms + AROUND_MS },
})

/** What was written in a chat cannot be listened to. */
const wasWritten = ({ from_ms, to_ms }: Utterance) => to_ms <= from_ms

interface SaidProps {
  utterance: Utterance
  now: number
  player: Player
  chosen: boolean
  choose: (chosen: boolean) => void
}

function Said({ utterance, now, player, chosen, choose }: SaidProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { admin, nameOf } = useUnderstood()
  const { text, call, at, lang, decision, ranking, heard } = utterance
  const key = keyOfUtterance(utterance)
  const playing = player.playing === key
  const best = ranking[0]
  return (
    <li className={chosen ? 'u-said' : 'u-said u-said-out'}>
      {admin && <Checkbox checked={chosen} aria-label={t('understanding.belongs', { text })} onChange={(event) => choose(event.target.checked)} />}
      {wasWritten(utterance) ? (
        <span className="u-written" title={t('understanding.written')}>
          <MessageSquareText size={14} aria-label={t('understanding.written')} />
        </span>
      ) : (
        <Button
          size="small"
          shape="circle"
          type={playing ? 'primary' : 'default'}
          icon={playing ? <Square size={11} /> : <Play size={12} />}
          aria-label={`${t(playing ? 'understanding.stop' : 'understanding.listen')}: ${text}`}
          onClick={() => (playing ? player.stop() : player.play(soundOf(utterance)))}
        />
      )}
      <div className="spread">
        <p lang={lang}>{text}</p>
        <p className="u-facts muted">
          <Moment at={at} now={now} />
          <span>
            {best
              ? t(`understanding.was_${decision}`, { intent: nameOf(best.intent), confidence: percent(best.confidence, language) })
              : t('understanding.was_nothing')}
          </span>
          {!wasWritten(utterance) && <span>{t('transcript.unsure', { confidence: percent(heard, language) })}</span>}
          {player.failed === key && (
            <span className="bad" role="alert">
              {t('understanding.not_played')}
            </span>
          )}
        </p>
      </div>
      <Link to={`/calls/${call}`} className="u-said-call" title={t('understanding.open_call')} aria-label={t('understanding.open_call')}>
        <SquareArrowOutUpRight size={14} aria-hidden />
      </Link>
    </li>
  )
}

interface Props {
  group: Group
  now: number
  player: Player
  judged: () => Promise<void>
}

export function LearnGroup({ group, now, player, judged }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const reason = useReason()
  const { intents, admin, nameOf } = useUnderstood()
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const [chosen, setChosen] = useState<string | undefined>(group.suggested ?? undefined)
  const [searched, setSearched] = useState('')
  const [keep, setKeep] = useState<Kept>('example')
  const [busy, setBusy] = useState<Keep | null>(null)
  const { utterances } = group
  const belonging = utterances.filter((utterance) => !left.has(keyOfUtterance(utterance)))
  const first = utterances[0]

  const options = useMemo(() => {
    const known = (intents.work?.intents ?? []).map(({ name }) => ({ value: name, label: nameOf(name) }))
    const made = nameFrom(searched)
    const isNew = made !== '' && !known.some(({ value, label }) => value === made || keyOf(label) === keyOf(searched))
    return [
      ...known,
      ...(chosen && !known.some(({ value }) => value === chosen) ? [{ value: chosen, label: nameOf(chosen) }] : []),
      { value: '', label: t('understanding.no_intent') },
      // Typed words are part of the label, so that the search finds it.
      ...(isNew && made !== chosen ? [{ value: made, label: t('understanding.new_named', { name: searched.trim() }) }] : []),
    ]
  }, [intents.work, searched, chosen, nameOf, t])

  const say = async (what: Keep) => {
    if (belonging.length === 0 || busy !== null || (what !== 'nothing' && chosen === undefined)) return
    setBusy(what)
    try {
      await take(
        http.POST('/api/v1/intents/unmatched', {
          body: {
            utterances: belonging.map(({ call, seq }) => ({ call, seq })),
            intent: what === 'nothing' || !chosen ? null : chosen,
            keep: what,
          },
        }),
      )
      void message.success(
        t(what === 'nothing' ? 'understanding.put_aside' : what === 'test' ? 'understanding.taught_test' : 'understanding.taught', {
          count: belonging.length,
          intent: nameOf(chosen ?? null),
        }),
      )
      await judged()
    } catch (error) {
      void message.error(reason(error), 8)
    } finally {
      setBusy(null)
    }
  }
  const keys = (event: KeyboardEvent<HTMLLIElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === ' ' && first && !wasWritten(first)) {
      const key = keyOfUtterance(first)
      if (player.playing === key) player.stop()
      else player.play(soundOf(first))
    } else if (event.key === 'Enter' && admin) void say(keep)
    else if (event.key === 'x' && admin) void say('nothing')
    else return
    event.preventDefault()
  }
  return (
    <li className="panel u-group" data-row tabIndex={0} onKeyDown={keys} aria-label={t('understanding.group', { count: utterances.length, text: first?.text ?? '' })}>
      <ul>
        {utterances.map((utterance) => {
          const key = keyOfUtterance(utterance)
          const choose = (belongs: boolean) =>
            setLeft((before) => {
              const after = new Set(before)
              if (belongs) after.delete(key)
              else after.add(key)
              return after
            })
          return <Said key={key} utterance={utterance} now={now} player={player} chosen={!left.has(key)} choose={choose} />
        })}
      </ul>
      {admin ? (
        <div className="u-group-foot">
          <span className="soft">{t('understanding.mean', { count: belonging.length })}</span>
          <Select
            className="u-group-intent"
            showSearch={{ optionFilterProp: 'label', onSearch: setSearched }}
            value={chosen}
            placeholder={t('understanding.choose_or_new')}
            aria-label={t('understanding.mean', { count: belonging.length })}
            popupMatchSelectWidth={false}
            options={options}
            onChange={(value) => {
              setChosen(value)
              setSearched('')
            }}
          />
          <Segmented<Kept>
            size="small"
            value={keep}
            aria-label={t('understanding.keep_as')}
            onChange={setKeep}
            options={[
              { value: 'example', label: t('understanding.as_examples') },
              { value: 'test', label: t('understanding.as_tests') },
            ]}
          />
          <Button
            type="primary"
            loading={busy !== null && busy !== 'nothing'}
            disabled={chosen === undefined || belonging.length === 0}
            onClick={() => void say(keep)}
          >
            {t('understanding.keep')}
          </Button>
          <span className="spread" />
          <Button type="text" loading={busy === 'nothing'} disabled={belonging.length === 0} title="x" onClick={() => void say('nothing')}>
            {t('understanding.not_interesting')}
          </Button>
        </div>
      ) : (
        group.suggested && <p className="u-group-foot soft">{t('understanding.suggested', { intent: nameOf(group.suggested) })}</p>
      )}
    </li>
  )
}
