import { defineConfig } from 'vitest/config'

/** One browser and one service: the tests of the file tell one story, in order. The times only bound a hang. */
export default defineConfig({
  cacheDir: '../node_modules/.vite',
  test: {
    root: import.meta.dirname,
    include: ['*.e2e.ts'],
    environment: 'node',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    bail: 1,
  },
})
