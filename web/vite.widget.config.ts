/** The visitors' widget: one script that any page can load, with everything in it. */
import { defineConfig } from 'vite'

export default defineConfig({
  // The console's build has put its files there already.
  publicDir: false,
  build: {
    target: 'es2022',
    emptyOutDir: false,
    reportCompressedSize: false,
    lib: { entry: 'widget/main.ts', formats: ['iife'], name: 'hotlineWidget', fileName: () => 'widget.js' },
  },
})
