/** A call for engineers: what went wrong, its SIP messages, how each leg sounded, and all of it to take along. */
import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { CircleCheck, Download, Network, TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { signalling, signallingUrl } from '../../api/queries'
import type { CallSignalling, Entry } from '../../api/types'
import { told } from '../../call/problem'
import { Bones, Empty, ErrorNote } from '../../components/Bits'
import { capitalised } from '../../lib/format'
import { problems, type Problem } from '../problems'
import { LadderView } from './Ladder'
import { SoundView } from './Sound'
import { useFinding } from './useFinding'
import { useLegName, useParty } from './useLegName'
import './technical.css'

function Told({ what, message }: { what: string; message: string }) {
  const { t } = useTranslation()
  const { sentence, detail } = told(t, what, message)
  return (
    <>
      <b>{t(`what.${what}`, { defaultValue: what })}:</b> {sentence}
      {detail !== null && <small className="technical-detail muted">{detail}</small>}
    </>
  )
}

function Words({ problem }: { problem: Problem }) {
  const { t } = useTranslation()
  const party = useParty()
  const name = useLegName()
  const finding = useFinding()
  switch (problem.kind) {
    case 'told':
      return <Told what={problem.what} message={problem.message} />
    case 'cause':
      return <>{t(`technical.cause_${problem.cause}`)}</>
    case 'refused':
      return <>{t('technical.refused', { leg: name(problem.leg), line: problem.line })}</>
    case 'no_ack':
      return <>{capitalised(t('technical.no_ack', { who: party(problem.leg) }))}</>
    case 'repeated':
      return <>{t('technical.repeated', { count: problem.count, leg: name(problem.leg) })}</>
    case 'sound':
      return (
        <>
          <b>{t(`technical.${problem.verdict.way}`, { who: party(problem.leg) })}:</b>{' '}
          {problem.verdict.findings.map((found) => finding(problem.leg, problem.verdict.way, found)).join(' ') ||
            t('technical.grade_bad')}
        </>
      )
  }
}

function Problems({ seen, entries }: { seen: CallSignalling; entries: readonly Entry[] }) {
  const { t } = useTranslation()
  const found = problems(seen, entries)
  if (found.length === 0) {
    return (
      <p className="technical-well">
        <CircleCheck size={16} aria-hidden />
        {t('technical.well')}
      </p>
    )
  }
  return (
    <ul className="technical-problems" aria-label={t('technical.problems')}>
      {found.map((problem, index) => (
        <li key={index}>
          <TriangleAlert size={16} aria-hidden />
          <span>
            <Words problem={problem} />
          </span>
        </li>
      ))}
    </ul>
  )
}

export default function Technical({ call, entries }: { call: string; entries: readonly Entry[] }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery(signalling(call))
  if (error && !data) return <ErrorNote error={error} again={() => void refetch()} />
  if (!data) {
    return (
      <div className="pad">
        <Bones rows={8} />
      </div>
    )
  }
  if (data.legs.length === 0) {
    return (
      <Empty icon={<Network size={20} />} title={t(data.complete ? 'technical.none' : 'technical.none_yet')}>
        {t(data.complete ? 'technical.none_help' : 'technical.none_yet_help')}
      </Empty>
    )
  }
  return (
    <div className="technical">
      <div className="technical-top">
        <Problems seen={data} entries={entries} />
        <div className="technical-downloads">
          <Button size="small" icon={<Download size={14} />} href={signallingUrl(call, 'pcap')} download title={t('technical.pcap_help')}>
            {t('technical.pcap')}
          </Button>
          <Button size="small" icon={<Download size={14} />} href={signallingUrl(call, 'txt')} download title={t('technical.text_help')}>
            {t('technical.text')}
          </Button>
        </div>
      </div>
      {!data.complete && <p className="muted technical-note">{t('technical.running')}</p>}
      <LadderView seen={data} />
      {data.legs.map((leg) => leg.sound && <SoundView key={leg.number} leg={leg} sound={leg.sound} />)}
      <p className="muted technical-note">{t('technical.privacy')}</p>
    </div>
  )
}
