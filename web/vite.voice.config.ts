/** Calls from a visitor's page: the second script of the widget, fetched when somebody wants to call. */
import { defineConfig } from 'vite'

export default defineConfig({
  publicDir: false,
  build: {
    target: 'es2022',
    emptyOutDir: false,
    reportCompressedSize: false,
    lib: { entry: 'widget/voice/main.ts', formats: ['iife'], name: 'hotlineVoice', fileName: () => 'widget-voice.js' },
  },
})
