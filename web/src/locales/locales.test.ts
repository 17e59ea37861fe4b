import { expect, test } from 'vitest'

type Tree = { [key: string]: string | Tree }

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') all.set(prefix + key, value)
    else for (const [inner, text] of flat(value, `${prefix}${key}.`)) all.set(inner, text)
  }
  return all
}

/** The first texts, and those that come with a part of the console. */
const together = (files: Record<string, Tree>) => new Map(Object.values(files).flatMap((tree) => [...flat(tree)]))
const english = together(import.meta.glob<Tree>(['./en.json', './*.en.json'], { import: 'default', eager: true }))
const chinese = together(import.meta.glob<Tree>(['./zh-CN.json', './*.zh-CN.json'], { import: 'default', eager: true }))
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
