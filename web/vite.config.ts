import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

/** Where `npm run dev` finds a running service. */
const service = process.env.HOTLINE_SERVICE ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  server: { proxy: { '/api': { target: service, ws: true } } },
  build: {
    target: 'es2022',
    // The content security policy allows no data: scripts or fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The budget is kept by scripts/sizes.mjs, in compressed kilobytes of the first load.
    chunkSizeWarningLimit: 1_000,
    reportCompressedSize: false,
  },
  test: { include: ['src/**/*.test.ts', 'widget/**/*.test.ts'], environment: 'node' },
})
