/** Providers, the gate of the sign-in, and which address is which page. */
import { QueryClientProvider, useQuery } from '@tanstack/react-query'
import { App as AntApp, ConfigProvider } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { BrowserRouter, Navigate, Route, Routes } from 'react-router-dom'
import { Failure, onSignedOut } from './api/client'
import { startLive, stopLive } from './api/live'
import { me as meQuery, queries } from './api/queries'
import type { Me } from './api/types'
import { Bones, ErrorNote } from './components/Bits'
import { Shell } from './components/Shell'
import { chosen, componentWords, speak } from './i18n'
import { useLanguage } from './lib/hooks'
import Live from './pages/Live'
import { ModeProvider, useMode } from './theme/mode'
import { antdTheme } from './theme/tokens'

const SignIn = lazy(() => import('./pages/SignIn'))
const SignInAgain = lazy(() => import('./pages/SignInAgain'))
const Desk = lazy(() => import('./pages/Desk'))
const Calls = lazy(() => import('./pages/Calls'))
const Call = lazy(() => import('./pages/Call'))
const Tickets = lazy(() => import('./pages/Tickets'))
const Ticket = lazy(() => import('./pages/Ticket'))
const Flows = lazy(() => import('./pages/Flows'))
const Flow = lazy(() => import('./pages/Flow'))
const FlowEditor = lazy(() => import('./pages/FlowEditor'))
const Prompts = lazy(() => import('./pages/Prompts'))
const Knowledge = lazy(() => import('./pages/Knowledge'))
const Article = lazy(() => import('./pages/Article'))
const Floor = lazy(() => import('./pages/Floor'))
const Queues = lazy(() => import('./pages/Queues'))
const Trunks = lazy(() => import('./pages/Trunks'))
const Understanding = lazy(() => import('./pages/Understanding'))
const Missing = lazy(() => import('./pages/Missing'))

function SignedIn({ me }: { me: Me }) {
  useEffect(() => {
    startLive()
    return stopLive
  }, [])
  const [expired, setExpired] = useState(false)
  useEffect(() => onSignedOut(() => setExpired(true)), [])
  useEffect(() => {
    if (me.language && !chosen()) speak(me.language)
  }, [me.language])
  // Agents begin at their desk, everybody else where all calls are.
  const home = <Navigate to={me.role === 'agent' && me.extension !== null ? '/desk' : '/live'} replace />
  return (
    <Shell me={me}>
      <Suspense fallback={<Bones rows={6} />}>
        <Routes>
          <Route path="/" element={home} />
          <Route path="/sign-in" element={home} />
          <Route path="/live" element={<Live />} />
          <Route path="/desk" element={<Desk me={me} />} />
          <Route path="/calls" element={<Calls />} />
          <Route path="/calls/:id" element={<Call />} />
          <Route path="/tickets" element={<Tickets />} />
          <Route path="/tickets/:id" element={<Ticket />} />
          <Route path="/flows" element={<Flows />} />
          <Route path="/flows/:id" element={<Flow me={me} />} />
          <Route path="/flows/:id/edit" element={<FlowEditor me={me} />} />
          <Route path="/understanding/:tab?" element={<Understanding me={me} />} />
          <Route path="/prompts" element={<Prompts me={me} />} />
          <Route path="/knowledge" element={<Knowledge me={me} />} />
          <Route path="/knowledge/:id" element={<Article me={me} />} />
          <Route path="/floor" element={<Floor me={me} />} />
          <Route path="/queues/:tab?" element={<Queues me={me} />} />
          <Route path="/trunks" element={<Trunks me={me} />} />
          <Route path="*" element={<Missing />} />
        </Routes>
      </Suspense>
      <Suspense fallback={null}>{expired && <SignInAgain me={me} done={() => setExpired(false)} />}</Suspense>
    </Shell>
  )
}

/** A fresh one-time link wins over whoever is signed in. */
const arrivedByLink = new URLSearchParams(location.search).has('token')

function Gate() {
  const { data, error, refetch } = useQuery({ ...meQuery, enabled: !arrivedByLink })
  if (data) return <SignedIn me={data} />
  if (arrivedByLink || (error instanceof Failure && error.status === 401)) {
    return (
      <Suspense fallback={null}>
        <SignIn />
      </Suspense>
    )
  }
  if (error) {
    return (
      <div className="sign-in">
        <ErrorNote error={error} again={() => void refetch()} />
      </div>
    )
  }
  return null
}

function Themed() {
  const { mode } = useMode()
  useLanguage()
  return (
    <ConfigProvider theme={antdTheme(mode)} locale={componentWords()} button={{ autoInsertSpace: false }}>
      <AntApp component={false}>
        <BrowserRouter>
          <Gate />
        </BrowserRouter>
      </AntApp>
    </ConfigProvider>
  )
}

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <ModeProvider>
        <Themed />
      </ModeProvider>
    </QueryClientProvider>
  )
}
