import { defineConfig } from 'vitest/config'

/** One browser and one service for a file at a time: its tests tell one story, in order. The times only bound a hang. */
export default defineConfig({
  cacheDir: '../node_modules/.vite',
  test: {
    root: import.meta.dirname,
    include: ['*.e2e.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    bail: 1,
  },
})
