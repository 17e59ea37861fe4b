/** An agent's page: who is calling and why, what was said, what to say next, what to write down. */
import { useMutation } from '@tanstack/react-query'
import { Button, Input, Tabs } from 'antd'
import { Headset, Phone as PhoneIcon } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { http, take } from '../api/client'
import { me as meQuery, queries } from '../api/queries'
import type { Me } from '../api/types'
import { transcript } from '../call/transcript'
import { playhead } from '../call/playhead'
import { useCall, type CallNow } from '../call/useCall'
import { Transcript } from '../call/view/Transcript'
import { Bones, Empty, ErrorNote } from '../components/Bits'
import { Head } from '../components/Shell'
import { Customer } from '../desk/view/Customer'
import { Devices } from '../desk/view/Devices'
import { StoryCard } from '../desk/view/Story'
import { Suggestions } from '../desk/view/Suggestions'
import { Talk } from '../desk/view/Talk'
import { WrapUpForm } from '../desk/view/WrapUp'
import { useNotes, useWrapUps } from '../desk/wrapUps'
import { usePresence } from '../desk/presence'
import { words as asWords } from '../lib/format'
import { useKeys, useMedia, useTitle } from '../lib/hooks'
import { current, ringing, type Leg } from '../phone/machine'
import { phone, usePhone } from '../phone/usePhone'
import { AnswerButtons, Since, TroubleNote } from '../phone/view/Bits'
import { useParty } from '../phone/view/useParty'
import { usePhoneWords } from '../phone/view/words'
import '../phone/texts'
import '../call/view/call.css'
import '../desk/view/desk.css'

function Notes({ call }: { call: string }) {
  const { t } = useTranslation()
  const [text, setText] = useNotes(call)
  useKeys({ n: () => document.getElementById('desk-notes')?.focus() })
  return (
    <section className="panel desk-notes">
      <h2>{t('desk.notes')}</h2>
      <Input.TextArea
        id="desk-notes"
        value={text}
        autoSize={{ minRows: 3, maxRows: 12 }}
        placeholder={t('desk.notes_placeholder')}
        aria-label={t('desk.notes')}
        aria-keyshortcuts="n"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
      <p className="muted">{t('desk.notes_saved')}</p>
    </section>
  )
}

/** So near the end one reads along. */
const NEAR_PX = 60

function Words({ call }: { call: CallNow }) {
  const { t } = useTranslation()
  const [head] = useState(playhead)
  const lines = useMemo(() => transcript(call.entries), [call.entries])
  const box = useRef<HTMLDivElement>(null)
  /** Whoever reads further up is left there. */
  const atEnd = useRef(true)
  useEffect(() => {
    if (atEnd.current) box.current?.scrollTo({ top: box.current.scrollHeight })
  }, [lines, call.partial])
  return (
    <div
      ref={box}
      className="desk-words"
      tabIndex={0}
      role="region"
      aria-label={t('desk.transcript')}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => (atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_PX)}
    >
      <Transcript call={call} lines={lines} current={undefined} head={head} play={undefined} follow={false} />
    </div>
  )
}

/** Everything that is known of a call while it rings or goes on. */
function About({ id, offered }: { id: string; offered: boolean }) {
  const { t } = useTranslation()
  const wide = useMedia('(min-width: 1100px)')
  const { call, error, refetch } = useCall(id)
  if (error) return <ErrorNote error={error} again={() => void refetch()} />
  if (!call)
    return (
      <div className="panel">
        <Bones rows={6} />
      </div>
    )
  const story = <StoryCard entries={call.entries} offered={offered} />
  const customer = <Customer call={id} />
  if (offered) {
    return (
      <div className="desk-columns">
        <section className="panel desk-card">
          <h2>{t('desk.story')}</h2>
          {story}
        </section>
        <section className="panel desk-card">
          <h2>{t('desk.customer')}</h2>
          {customer}
        </section>
      </div>
    )
  }
  const words = <Words call={call} />
  const suggestions = <Suggestions entries={call.entries} />
  if (!wide) {
    return (
      <>
        <section className="panel desk-tabs">
          <Tabs
            size="small"
            items={[
              { key: 'words', label: t('desk.transcript'), children: words },
              { key: 'suggestions', label: t('desk.suggestions'), children: suggestions },
              { key: 'story', label: t('desk.story'), children: story },
              { key: 'customer', label: t('desk.customer'), children: customer },
            ]}
          />
        </section>
        <Notes call={id} />
      </>
    )
  }
  return (
    <div className="desk-columns">
      <section className="panel desk-card desk-transcript">
        <h2>{t('desk.transcript')}</h2>
        {words}
      </section>
      <div className="desk-side">
        <section className="panel desk-card">
          <h2>{t('desk.suggestions')}</h2>
          {suggestions}
        </section>
        <Notes call={id} />
        <section className="panel desk-card">
          <Tabs
            size="small"
            items={[
              { key: 'story', label: t('desk.story'), children: story },
              { key: 'customer', label: t('desk.customer'), children: customer },
            ]}
          />
        </section>
      </div>
    </div>
  )
}

function Offer({ leg }: { leg: Leg }) {
  const { t } = useTranslation()
  const { who, queue } = useParty(leg)
  const why = usePresence().why[leg.call ?? '']
  const strategy = why && t(`desk.strategy.${why.strategy}`, { defaultValue: asWords(why.strategy) })
  return (
    <section className="panel offer" aria-label={t('desk.offered')}>
      <div className="spread" role="alert">
        <p className="offer-what">{queue === undefined ? t('desk.offered') : `${t('desk.offered')} · ${asWords(queue)}`}</p>
        <h1 className="num">{who}</h1>
        <p className="muted row">
          <Since leg={leg} />
          {strategy !== undefined && <span>{t('desk.why_me', { why: strategy })}</span>}
        </p>
      </div>
      <AnswerButtons leg={leg} large />
    </section>
  )
}

function Dial() {
  const { t } = useTranslation()
  const [to, setTo] = useState('')
  return (
    <form
      className="panel desk-card dial"
      onSubmit={(event) => {
        event.preventDefault()
        if (to.trim() === '') return
        phone.dial(to)
        setTo('')
      }}
    >
      <h2>{t('desk.new_call')}</h2>
      <div className="row">
        <Input value={to} maxLength={64} inputMode="tel" placeholder={t('phone.dial_placeholder')} aria-label={t('phone.dial_placeholder')} onChange={(event) => setTo(event.target.value)} />
        <Button type="primary" htmlType="submit" icon={<PhoneIcon size={15} />} disabled={to.trim() === ''}>
          {t('phone.dial')}
        </Button>
      </div>
    </form>
  )
}

function Idle() {
  const { t } = useTranslation()
  return (
    <div className="desk-columns">
      <section className="panel">
        <Empty icon={<Headset size={20} />} title={t('desk.idle')}>
          <p>{t('desk.idle_help')}</p>
        </Empty>
      </section>
      <div className="desk-side">
        <Dial />
        <Devices />
      </div>
    </div>
  )
}

/** An admin can give themselves a phone; everybody else has to ask one. */
function NoPhone({ me }: { me: Me }) {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const add = useMutation({
    mutationFn: () => take(http.POST('/api/v1/extensions', { body: { name: name.trim() } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: meQuery.queryKey }),
  })
  return (
    <section className="panel">
      <Empty icon={<Headset size={20} />} title={t('desk.no_phone')}>
        <p>{t(me.role === 'admin' ? 'desk.no_phone_admin' : 'desk.no_phone_help')}</p>
        {me.role === 'admin' && (
          <form
            className="row no-phone"
            onSubmit={(event) => {
              event.preventDefault()
              if (name.trim() !== '') add.mutate()
            }}
          >
            <Input value={name} maxLength={32} placeholder={t('desk.extension')} aria-label={t('desk.extension')} onChange={(event) => setName(event.target.value)} />
            <Button type="primary" htmlType="submit" disabled={name.trim() === ''} loading={add.isPending}>
              {t('desk.take_extension')}
            </Button>
          </form>
        )}
        {add.error && <ErrorNote error={add.error} />}
      </Empty>
    </section>
  )
}

export default function Desk({ me }: { me: Me }) {
  const { t } = useTranslation()
  useTitle(t('nav.desk'))
  const { state } = usePhone()
  const words = usePhoneWords()
  const [postponed, setPostponed] = useState<readonly string[]>([])
  const unfinished = useWrapUps().filter(({ done }) => !done)
  const offered = ringing(state)
  const leg = current(state)
  const next = unfinished.filter(({ call }) => !postponed.includes(call)).at(-1)
  const put = unfinished.filter(({ call }) => call !== next?.call)

  if (me.extension === null) return <NoPhone me={me} />
  /** The caller's call; of a leg that was dialled on somebody's behalf, theirs. */
  const callOf = (of: Leg): string | undefined => of.call ?? state.legs.find(({ id }) => id === of.consults)?.call
  const id = leg && callOf(leg)
  return (
    <div className="desk">
      {!leg && !offered && !next && <Head title={t('nav.desk')} />}
      <TroubleNote state={state} />
      {offered && <Offer leg={offered} />}
      {leg && <Talk key={leg.id} leg={leg} />}
      {leg ? id !== undefined && <About key={id} id={id} offered={false} /> : offered?.call !== undefined && <About key={offered.call} id={offered.call} offered />}
      {!leg && !offered && next && (
        <div className="desk-columns">
          <WrapUpForm key={next.call} wrapUp={next} later={() => setPostponed([...postponed, next.call])} />
          <section className="panel desk-card">
            <h2>{t('desk.customer')}</h2>
            <Customer call={next.call} />
          </section>
        </div>
      )}
      {!leg && !offered && !next && <Idle />}
      {!leg && !offered && put.length > 0 && (
        <section className="panel desk-card">
          <h2>{t('desk.wrap_up')}</h2>
          <ul className="desk-list">
            {put.map((each) => (
              <li key={each.call}>
                <span className="spread num">{words.who(each)}</span>
                <span className="muted">{t('desk.wrap_up_kept')}</span>
                <Button size="small" onClick={() => setPostponed(postponed.filter((call) => call !== each.call))}>
                  {t('desk.wrap_up_finish')}
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
