/** The frame around every page: where one can go, whether the stream is alive, and who is signed in. */
import { Button, Dropdown, Tooltip, type MenuProps } from 'antd'
import {
  AudioLines,
  BookOpen,
  BrainCircuit,
  Cable,
  Check,
  CircleHelp,
  Gauge,
  Headset,
  Languages,
  LogOut,
  MessageSquareQuote,
  Monitor,
  Moon,
  PhoneCall,
  Sun,
  Ticket,
  UserRound,
  UsersRound,
  Waypoints,
} from 'lucide-react'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { NavLink, useNavigate } from 'react-router-dom'
import { http, take } from '../api/client'
import { may } from '../api/may'
import { retryLive, useConnection } from '../api/live'
import type { Me } from '../api/types'
import { speak } from '../i18n'
import { useKeys, useLanguage } from '../lib/hooks'
import { useMode, type Choice } from '../theme/mode'
import { Face } from './Bits'
import { SetPassword } from './SetPassword'
import './shell.css'

const Account = lazy(() => import('./Account'))
const KeysHelp = lazy(() => import('./KeysHelp'))
const PhoneBar = lazy(() => import('../phone/view/PhoneBar'))

const places = [
  { to: '/desk', name: 'nav.desk', icon: Headset, key: '0', phone: true },
  { to: '/live', name: 'nav.live', icon: AudioLines, key: '1' },
  { to: '/floor', name: 'nav.floor', icon: Gauge, key: '9', permission: 'floor' },
  { to: '/calls', name: 'nav.calls', icon: PhoneCall, key: '2' },
  { to: '/tickets', name: 'nav.tickets', icon: Ticket, key: '3' },
  { to: '/flows', name: 'nav.flows', icon: Waypoints, key: '4' },
  { to: '/understanding', name: 'nav.understanding', icon: BrainCircuit, key: '5' },
  { to: '/prompts', name: 'nav.prompts', icon: MessageSquareQuote, key: '6' },
  { to: '/knowledge', name: 'nav.knowledge', icon: BookOpen, key: '7' },
  { to: '/queues', name: 'nav.queues', icon: UsersRound, key: 'q', permission: 'queues' },
  { to: '/trunks', name: 'nav.trunks', icon: Cable, key: '8', admin: true },
] as const

export function Brand() {
  const { t } = useTranslation()
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden>
        <rect width="32" height="32" rx="8" fill="var(--accent)" />
        <path
          d="M7.5 14v4M12 10v12M16.4 6.5v19M20.8 11.5v9M25 14.5v3"
          stroke="var(--on-accent)"
          strokeWidth="2.6"
          strokeLinecap="round"
        />
      </svg>
      {t('app.name')}
    </span>
  )
}

function ConnectionState() {
  const { t } = useTranslation()
  const connection = useConnection()
  return (
    <Tooltip title={t(`connection.${connection}_help`)}>
      <button type="button" className={`connection connection-${connection}`} onClick={retryLive} aria-live="polite">
        <i aria-hidden />
        <span>{t(`connection.${connection}`)}</span>
      </button>
    </Tooltip>
  )
}

export function LanguageButton() {
  const { t } = useTranslation()
  const language = useLanguage()
  return (
    <Tooltip title={t('language.switch')}>
      <Button
        type="text"
        size="small"
        icon={<Languages size={16} />}
        aria-label={t('language.switch')}
        onClick={() => speak(language === 'en' ? 'zh-CN' : 'en')}
      >
        {t('language.other')}
      </Button>
    </Tooltip>
  )
}

const themes: { choice: Choice; icon: typeof Sun }[] = [
  { choice: 'system', icon: Monitor },
  { choice: 'light', icon: Sun },
  { choice: 'dark', icon: Moon },
]

export function ThemeButton() {
  const { t } = useTranslation()
  const { choice, choose } = useMode()
  const Icon = themes.find((theme) => theme.choice === choice)?.icon ?? Monitor
  const items: MenuProps['items'] = themes.map((theme) => ({
    key: theme.choice,
    icon: <theme.icon size={15} />,
    label: t(`theme.${theme.choice}`),
    extra: theme.choice === choice ? <Check size={14} /> : undefined,
  }))
  return (
    <Dropdown trigger={['click']} menu={{ items, onClick: ({ key }) => choose(key as Choice) }}>
      <Button type="text" size="small" icon={<Icon size={16} />} aria-label={t('theme.switch')} title={t('theme.switch')} />
    </Dropdown>
  )
}

export function Shell({ me, children }: { me: Me; children: ReactNode }) {
  const { t } = useTranslation()
  const go = useNavigate()
  const [help, setHelp] = useState(false)
  const [account, setAccount] = useState(false)

  const phone = me.extension ?? undefined
  const reachable = places.filter(
    (place) =>
      (!('admin' in place) || me.role === 'admin') &&
      (!('phone' in place) || phone !== undefined) &&
      (!('permission' in place) || may(me, place.permission)),
  )
  useKeys({
    '?': () => setHelp(true),
    ...Object.fromEntries(reachable.map(({ to, key }) => [key, () => void go(to)])),
  })

  const signOut = async () => {
    await take(http.DELETE('/api/v1/session')).catch(() => undefined)
    location.assign('/sign-in')
  }
  const items: MenuProps['items'] = [
    { key: 'account', icon: <UserRound size={15} />, label: t('account.title'), onClick: () => setAccount(true) },
    { key: 'help', icon: <CircleHelp size={15} />, label: t('keys.title'), extra: '?', onClick: () => setHelp(true) },
    { type: 'divider' },
    { key: 'out', icon: <LogOut size={15} />, label: t('account.sign_out'), onClick: () => void signOut() },
  ]

  return (
    <div className="shell">
      <a className="skip" href="#main">
        {t('nav.skip')}
      </a>
      <header className="side">
        <NavLink to="/live" className="brand-link">
          <Brand />
        </NavLink>
        <nav aria-label={t('nav.label')}>
          {reachable.map(({ to, name, icon: Icon, key }) => (
            <NavLink key={to} to={to} className="place" title={`${t(name)} (${key})`}>
              <Icon size={17} strokeWidth={1.9} aria-hidden />
              <span>{t(name)}</span>
            </NavLink>
          ))}
        </nav>
        <div className="side-foot">
          <ConnectionState />
          <div className="row side-tools">
            <LanguageButton />
            <ThemeButton />
          </div>
          <Dropdown trigger={['click']} menu={{ items }} placement="topLeft">
            <button type="button" className="who">
              <Face name={me.name} />
              <span className="who-name clip">{me.name}</span>
            </button>
          </Dropdown>
        </div>
      </header>
      <main className="main" id="main" tabIndex={-1}>
        <Suspense fallback={null}>{phone !== undefined && <PhoneBar />}</Suspense>
        {!me.has_password && <SetPassword open={() => setAccount(true)} />}
        {children}
      </main>
      <Suspense fallback={null}>
        {help && <KeysHelp close={() => setHelp(false)} />}
        {account && <Account me={me} close={() => setAccount(false)} />}
      </Suspense>
    </div>
  )
}

/** A page's title row. */
export function Head({ title, note, children }: { title: ReactNode; note?: ReactNode; children?: ReactNode }) {
  return (
    <div className="head">
      <div className="head-title">
        <h1>{title}</h1>
        {note !== undefined && <span className="head-note">{note}</span>}
      </div>
      {children}
    </div>
  )
}
