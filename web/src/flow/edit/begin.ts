/** Another document in place of the draft: a template, or what was read from a file of another system. */
import { readDocument, type FlowDocument } from '../document'
import type { Imported, ImportItem, ImportStatus, Template } from './api'
import type { Draft } from './draft'
import { ready } from './editing'

/** To be looked at. */
export const asFlow = (document: Record<string, unknown>): FlowDocument => readDocument({ id: '', version: '', blocks: [], document })

/** The flow stays the same flow, by its id; everything in it is the document's. */
export const replaced = (draft: Draft, document: Record<string, unknown>): Draft => {
  const next = ready(document)
  return draft.id === '' ? next : { ...next, id: draft.id }
}

export const wordsOf = (template: Template, language: string): { name: string; help: string } =>
  language === 'zh-CN' ? { name: template.name_zh, help: template.help_zh } : { name: template.name_en, help: template.help_en }

export const STATUSES = ['not_mapped', 'partly', 'mapped'] as const satisfies readonly ImportStatus[]

/** What needs a person first, then what needs a look. */
export const inOrder = (items: readonly ImportItem[]): ImportItem[] => STATUSES.flatMap((status) => items.filter((item) => item.status === status))

/** What is left to do after a document was taken: everything that did not map as a whole. */
export const toFinish = ({ report }: Imported): ImportItem[] => inOrder(report.items).filter(({ status }) => status !== 'mapped')

/** The worst of what is said of each block. */
export function worst(items: readonly ImportItem[]): ReadonlyMap<string, ImportStatus> {
  const found = new Map<string, ImportStatus>()
  for (const { block, status } of [...inOrder(items)].reverse()) if (block !== null) found.set(block, status)
  return found
}

export interface LeftToDo {
  items: ImportItem[]
  /** The indexes of those that somebody has dealt with. */
  done: number[]
}

const KEY = 'hotline.flow.import'

/** What is left to do survives a reload, as the draft itself does. */
export function keepLeft(left: LeftToDo | undefined): void {
  try {
    if (left) sessionStorage.setItem(KEY, JSON.stringify(left))
    else sessionStorage.removeItem(KEY)
  } catch {
    // Too much for the browser to keep: it is on the page as long as that stays.
  }
}

export function leftBefore(): LeftToDo | undefined {
  try {
    return (JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as LeftToDo | null) ?? undefined
  } catch {
    return undefined
  }
}
