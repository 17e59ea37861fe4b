/** Light, dark or as the system has it; remembered in the browser. */
import { createContext, useContext, useEffect, useLayoutEffect, useMemo, useState, type ReactNode } from 'react'
import { paint, type Mode } from './tokens'

export type Choice = Mode | 'system'

const KEY = 'hotline.theme'
const system = () => window.matchMedia('(prefers-color-scheme: dark)')

function stored(): Choice {
  const value = localStorage.getItem(KEY)
  return value === 'light' || value === 'dark' ? value : 'system'
}

interface ModeValue {
  mode: Mode
  choice: Choice
  choose: (choice: Choice) => void
}

const Context = createContext<ModeValue>({ mode: 'light', choice: 'system', choose: () => undefined })

export function ModeProvider({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState<Choice>(stored)
  const [systemDark, setSystemDark] = useState(() => system().matches)

  useEffect(() => {
    const query = system()
    const changed = () => setSystemDark(query.matches)
    query.addEventListener('change', changed)
    return () => query.removeEventListener('change', changed)
  }, [])

  const mode: Mode = choice === 'system' ? (systemDark ? 'dark' : 'light') : choice
  useLayoutEffect(() => paint(mode), [mode])

  const value = useMemo<ModeValue>(
    () => ({
      mode,
      choice,
      choose: (next) => {
        if (next === 'system') localStorage.removeItem(KEY)
        else localStorage.setItem(KEY, next)
        setChoice(next)
      },
    }),
    [mode, choice],
  )
  return <Context.Provider value={value}>{children}</Context.Provider>
}

// eslint-disable-next-line react-refresh/only-export-components -- the hook belongs to its provider
export const useMode = (): ModeValue => useContext(Context)
