import i18next, { type TFunction } from 'i18next'
import { describe, expect, test } from 'vitest'
import en from '../locales/en.json'
import zh from '../locales/zh-CN.json'
import { inOneLine, known, told } from './problem'

async function language(name: 'en' | 'zh'): Promise<TFunction> {
  const instance = i18next.createInstance()
  return instance.init({ lng: name, resources: { en: { translation: en }, zh: { translation: zh } }, interpolation: { escapeValue: false }, showSupportNotice: false })
}

const sources = import.meta.glob<string>(['../../../src/call/{driver,dialled,conversation/mod}.rs', '../../../src/channel/sip.rs'], {
  query: '?raw',
  import: 'default',
  eager: true,
})
const silent = 'no audio has come from the caller for 5 s; check that RTP can reach this machine (firewall, NAT, sip.media_ip)'

describe('a problem of the journal', () => {
  test('is told in the language of the reader, with what it names', async () => {
    const english = told(await language('en'), 'media', silent)
    expect(english.sentence).toContain('5 s')
    const chinese = told(await language('zh'), 'media', silent)
    expect(chinese.sentence).toContain('5 秒')
    expect(chinese.sentence).not.toMatch(/caller|audio/)
    expect([english.detail, chinese.detail]).toEqual([null, null])
  })

  test('keeps what the service said where our sentence does not tell it', async () => {
    const found = told(await language('zh'), 'recording', 'this call is not recorded from here on: the disk is full')
    expect(found.sentence).toContain('录音')
    expect(found.detail).toContain('the disk is full')
    expect(inOneLine(found)).toBe(`${found.sentence} [${found.detail ?? ''}]`)
  })

  test('of a newer service is shown as it came', async () => {
    expect(told(await language('zh'), 'weather', 'it rains')).toEqual({ sentence: 'it rains', detail: null })
  })

  test('has a sentence for each kind, in both languages', async () => {
    for (const name of ['en', 'zh'] as const) {
      const t = await language(name)
      for (const kind of known) {
        const message = `${kind.says}7 s`
        expect(told(t, kind.what, message).sentence, message).not.toContain('problem.')
      }
      for (const what of Object.keys(en.what)) expect(told(t, what, 'x').sentence).not.toContain('problem.')
    }
  })

  test('is known by words that the service still says', () => {
    const service = Object.values(sources).join('')
    for (const kind of known) expect(service, kind.name).toContain(kind.says)
  })
})
