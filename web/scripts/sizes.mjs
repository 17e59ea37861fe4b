// Prints the gzip size of every script of the build, and of those that the first page loads; fails above the budget. The texts
// come in one of the languages, so the largest counts.
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET_KB = 300
const WIDGET_KB = 40
/** Fetched when a visitor wants to call. */
const VOICE_KB = 25
const dist = new URL('../dist/', import.meta.url)
const kb = (bytes) => bytes / 1000
const gzip = (name) => kb(gzipSync(readFileSync(new URL(`assets/${name}`, dist)), { level: 9 }).length)

const scripts = readdirSync(new URL('assets/', dist)).filter((name) => name.endsWith('.js'))
const sizes = new Map(scripts.map((name) => [name, gzip(name)]))

/** Texts of a language are scripts of their own. */
const isTexts = (name) => /^(en|zh-CN)-[\w-]{8}\.js$/.test(name)

/** Scripts that the page names, and all that these import statically. */
function firstLoad() {
  const html = readFileSync(new URL('index.html', dist), 'utf8')
  const seen = new Set()
  const visit = (name) => {
    if (seen.has(name) || !sizes.has(name)) return
    seen.add(name)
    const source = readFileSync(new URL(`assets/${name}`, dist), 'utf8')
    for (const [, imported] of source.matchAll(/(?:import|from)\s*"\.\/([^"]+\.js)"/g)) visit(imported)
  }
  for (const [, name] of html.matchAll(/assets\/([^"]+\.js)"/g)) visit(name)
  const texts = [...sizes.keys()].filter(isTexts).sort((a, b) => sizes.get(b) - sizes.get(a))
  if (texts.length < 2) throw new Error('the texts of the languages are not scripts of their own')
  seen.add(texts[0])
  return seen
}

const first = firstLoad()
for (const [name, size] of [...sizes].sort((a, b) => b[1] - a[1])) {
  console.log(`${size.toFixed(1).padStart(8)} kB gzip  ${first.has(name) ? 'first load' : 'on demand '}  ${name}`)
}
const total = [...first].reduce((sum, name) => sum + sizes.get(name), 0)
console.log(`${total.toFixed(1).padStart(8)} kB gzip  of script on the first load (budget ${BUDGET_KB} kB)`)
const widget = kb(gzipSync(readFileSync(new URL('widget.js', dist)), { level: 9 }).length)
console.log(`${widget.toFixed(1).padStart(8)} kB gzip  of the visitors' widget (budget ${WIDGET_KB} kB)`)
const voice = kb(gzipSync(readFileSync(new URL('widget-voice.js', dist)), { level: 9 }).length)
console.log(`${voice.toFixed(1).padStart(8)} kB gzip  of its calls, on demand (budget ${VOICE_KB} kB)`)
if (total > BUDGET_KB || widget > WIDGET_KB || voice > VOICE_KB) process.exit(1)
