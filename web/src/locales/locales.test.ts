import { expect, test } from 'vitest'
import enFirst from './en.json'
import enTrial from './trial.en.json'
import zhTrial from './trial.zh-CN.json'
import zhFirst from './zh-CN.json'

type Tree = { [key: string]: string | Tree }

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') all.set(prefix + key, value)
    else for (const [inner, text] of flat(value, `${prefix}${key}.`)) all.set(inner, text)
  }
  return all
}

const english = flat({ ...enFirst, ...enTrial })
const chinese = flat({ ...zhFirst, ...zhTrial })
const sources = import.meta.glob<string>('../**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true })

test('both languages have the same keys', () => {
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
})

test('both languages fill in the same values', () => {
  const values = (text: string | undefined) => [...(text ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()
  for (const [key, text] of english) expect(values(chinese.get(key)), key).toEqual(values(text))
})

test('every text that the code names is there, and none is empty', () => {
  const missing: string[] = []
  for (const [file, source] of Object.entries(sources)) {
    for (const [, key] of source.matchAll(/\bt\(\s*'([\w.]+)'/g)) {
      if (key && !english.has(key) && !english.has(`${key}_other`)) missing.push(`${file}: ${key}`)
    }
  }
  expect(missing).toEqual([])
  for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe('')
})
