/**
 * Entries as people paste them: a line each (`value; label; phrase, phrase`), a plain list of labels, or a table from a spreadsheet
 * with or without a header. What is read is laid against the list before anything is added.
 */
import Papa from 'papaparse'
import type { EntityValue } from '../../api/types'
import { cut, detect, keyOf } from '../lines'
import { freeName, isName, keysOf, LONGEST_PHRASE, MOST_PHRASES, wordsOf } from './list'

type Column = 'value' | 'label' | 'label_en' | 'label_zh' | 'phrases' | 'phrases_en' | 'phrases_zh'

/** What columns are called, as `keyOf` writes it. */
const columns: Readonly<Record<Column, readonly string[]>> = {
  value: ['value', 'id', 'key', 'code', '值', '取值', '代码', '编号'],
  label: ['label', 'name', 'title', '名称', '显示名称'],
  label_en: ['label en', 'name en', 'en', 'english', 'label english', '英文', '英语', '英文名称'],
  label_zh: ['label zh', 'label zh cn', 'name zh', 'zh', 'zh cn', 'chinese', 'label chinese', '中文', '中文名称'],
  phrases: ['phrases', 'synonyms', 'aliases', 'other words', 'words', '同义词', '其他说法', '说法', '别名'],
  phrases_en: ['phrases en', 'synonyms en', 'other words en', 'phrases english', 'english phrases', '英文说法', '英文同义词'],
  phrases_zh: ['phrases zh', 'phrases zh cn', 'synonyms zh', 'other words zh', 'phrases chinese', 'chinese phrases', '中文说法', '中文同义词'],
}

const columnOf = (head: string): Column | undefined =>
  (Object.keys(columns) as Column[]).find((column) => columns[column].includes(keyOf(head.replaceAll('_', ' '))))

export interface Row {
  /** The line on which it begins, from 1. */
  line: number
  /** As written; `''` when it is to be made of the words. */
  value: string
  label: Record<string, string>
  phrases: Record<string, string[]>
}

const several = (cell: string): string[] =>
  cell
    .split(/[,,、|;;\n]/)
    .map((text) => text.trim())
    .filter((text) => text !== '')

const said = (row: Row, text: string, language: string = detect(text)) => {
  row.phrases[language] = [...(row.phrases[language] ?? []), text]
}

/** The label of its language, or one phrase more where there is a label already. */
function called(row: Row, text: string, language: string = detect(text)): void {
  if (text === '') return
  if (row.label[language] === undefined) row.label[language] = text
  else said(row, text, language)
}

function cell(row: Row, column: Column, text: string): void {
  if (column === 'value') row.value = text
  else if (column === 'label') called(row, text)
  else if (column === 'label_en') called(row, text, 'en')
  else if (column === 'label_zh') called(row, text, 'zh-CN')
  else for (const phrase of several(text)) said(row, phrase, column === 'phrases_en' ? 'en' : column === 'phrases_zh' ? 'zh-CN' : undefined)
}

const fresh = (line: number): Row => ({ line, value: '', label: {}, phrases: {} })

/** A first line that names columns, and how its cells are parted. */
function header(pasted: string): { delimiter: string; heads: (Column | undefined)[] } | undefined {
  const first = pasted.trimStart().split(/\r\n|[\n\r]/, 1)[0] ?? ''
  for (const delimiter of ['\t', ';', ',']) {
    const heads = (Papa.parse<string[]>(first, { delimiter }).data[0] ?? []).map(columnOf)
    const known = heads.filter((head) => head !== undefined)
    if (known.length >= 2 && known.some((head) => head === 'value' || head.startsWith('label'))) return { delimiter, heads }
  }
  return undefined
}

function table(pasted: string, { delimiter, heads }: { delimiter: string; heads: (Column | undefined)[] }): Row[] {
  const { data } = Papa.parse<string[]>(pasted.trim(), { delimiter })
  return data.slice(1).map((cells, index) => {
    const row = fresh(index + 2)
    heads.forEach((head, at) => head && cell(row, head, cells[at]?.trim() ?? ''))
    return row
  })
}

/** A line with parts: the value first, or the label when what stands first cannot be a value. */
function parted(row: Row, parts: string[]): void {
  const [first = '', ...rest] = parts
  if (isName(first)) row.value = first
  else called(row, first)
  if (row.value !== '') called(row, rest.shift() ?? '')
  for (const part of rest) for (const phrase of several(part)) said(row, phrase)
}

function lines(pasted: string): Row[] {
  const tabs = pasted.includes('\t')
  return pasted.split(/\r\n|[\n\r\u2028]/).map((text, index) => {
    const row = fresh(index + 1)
    const parts = tabs ? (Papa.parse<string[]>(text, { delimiter: '\t' }).data[0] ?? []) : text.split(/[;;]/)
    if (parts.length > 1) parted(row, parts.map((part) => part.trim()))
    else called(row, cut(text)[0] ?? '')
    return row
  })
}

export interface Pasted {
  rows: Row[]
  /** Whether the first line named columns. */
  table: boolean
}

export function read(pasted: string): Pasted {
  const found = header(pasted.replace(/^\uFEFF/, ''))
  const rows = found ? table(pasted.replace(/^\uFEFF/, ''), found) : lines(pasted)
  return { rows: rows.filter(({ value, label, phrases }) => value !== '' || Object.keys(label).length + Object.keys(phrases).length > 0), table: found !== undefined }
}

export interface Laid {
  /** To be added. */
  fresh: EntityValue[]
  /** Entries of the list that get words, by their place. */
  grown: Map<number, EntityValue>
  /** Lines with nothing new. */
  repeated: number
  /** Values that cannot be kept as they are written, and what they become. */
  renamed: { line: number; from: string; to: string }[]
  /** Lines with words that are too long, which are left out, or too many of them. */
  long: number[]
  many: number[]
  /** Words that another entry has already: of the list or of what is pasted. */
  shared: { line: number; text: string; with: string }[]
}

function grownBy(entry: EntityValue, row: Row): EntityValue {
  const after: EntityValue = { value: entry.value, label: { ...entry.label }, phrases: { ...entry.phrases } }
  const known = new Set(wordsOf(entry).map(keyOf))
  const take = (language: string, text: string, asLabel: boolean) => {
    if (known.has(keyOf(text))) return
    known.add(keyOf(text))
    if (asLabel && !after.label?.[language]?.trim()) after.label = { ...after.label, [language]: text }
    else after.phrases = { ...after.phrases, [language]: [...(after.phrases?.[language] ?? []), text] }
  }
  for (const [language, text] of Object.entries(row.label)) take(language, text, true)
  for (const [language, texts] of Object.entries(row.phrases)) for (const text of texts) take(language, text, false)
  return after
}

function fitting(row: Row): { row: Row; long: boolean } {
  const fits = (text: string) => [...text].length <= LONGEST_PHRASE
  const label = Object.fromEntries(Object.entries(row.label).filter(([, text]) => fits(text)))
  const phrases = Object.fromEntries(Object.entries(row.phrases).map(([language, texts]) => [language, texts.filter(fits)]))
  const n = (one: Row) => Object.keys(one.label).length + Object.values(one.phrases).flat().length
  const after = { ...row, label, phrases }
  return { row: after, long: n(after) < n(row) }
}

/** Lays what was read against the entries that are there. */
export function lay(rows: readonly Row[], list: string, there: readonly EntityValue[]): Laid {
  const laid: Laid = { fresh: [], grown: new Map(), repeated: 0, renamed: [], long: [], many: [], shared: [] }
  const all: EntityValue[] = [...there]
  const at = new Map(there.map(({ value }, index) => [value, index]))
  const holder = new Map<string, number>()
  const hold = (index: number) => {
    const entry = all[index]
    if (entry) for (const key of keysOf(entry)) if (!holder.has(key)) holder.set(key, index)
  }
  there.forEach((_, index) => hold(index))
  const taken = new Set(at.keys())
  for (const written of rows) {
    const { row, long } = fitting(written)
    if (long) laid.long.push(row.line)
    const label = Object.values(row.label)[0] ?? Object.values(row.phrases).flat()[0] ?? ''
    if (row.value === '' && label === '') continue
    // A label without a value that an entry has already means that entry.
    const known = row.value === '' ? holder.get(keyOf(label)) : at.get(row.value)
    if (known !== undefined) {
      const before = all[known] as EntityValue
      const after = grownBy(before, row)
      if (wordsOf(after).length === wordsOf(before).length) laid.repeated++
      else if (wordsOf(after).length > MOST_PHRASES) laid.many.push(row.line)
      else {
        all[known] = after
        hold(known)
        if (known < there.length) laid.grown.set(known, after)
      }
      continue
    }
    const value = row.value !== '' && isName(row.value) ? row.value : freeName(row.value || label, list, taken)
    if (row.value !== '' && value !== row.value) laid.renamed.push({ line: row.line, from: row.value, to: value })
    const entry = grownBy({ value }, row)
    if (wordsOf(entry).length > MOST_PHRASES) {
      laid.many.push(row.line)
      continue
    }
    for (const text of wordsOf(entry)) {
      const other = holder.get(keyOf(text))
      if (other !== undefined) laid.shared.push({ line: row.line, text, with: all[other]?.value ?? '' })
    }
    taken.add(value)
    at.set(value, all.length)
    all.push(entry)
    hold(all.length - 1)
  }
  laid.fresh = all.slice(there.length)
  return laid
}
