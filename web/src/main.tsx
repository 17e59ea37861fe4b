import '@fontsource-variable/inter/wght.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import { begin } from './i18n'
import './theme/base.css'

const root = document.getElementById('root')
if (root) {
  await begin()
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
