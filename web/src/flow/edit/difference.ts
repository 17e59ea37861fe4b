/** What is different between two versions of a flow: blocks, their edges and fields, the words, and the flow's own members. */
import type { Block } from '../document'
import { isMembers, same, type Draft } from './draft'

export type Stands = 'added' | 'removed' | 'changed'

/** One thing of a block or of the flow: its path and what it was and is; `undefined` where it was or is not. */
export interface Change {
  path: string
  was: unknown
  is: unknown
}

export interface BlockChange {
  id: string
  stands: Stands
  type: string
  changes: Change[]
}

export interface Difference {
  blocks: BlockChange[]
  /** Of the flow itself: its start, its intents, … */
  flow: Change[]
}

const LANGUAGES = new Set(['en', 'zh-CN'])
/** A text or a list of phrases per language is told per language. */
const isTexts = (value: unknown): value is Record<string, unknown> =>
  isMembers(value) && Object.keys(value).length > 0 && Object.keys(value).every((key) => LANGUAGES.has(key))

function between(path: string, was: unknown, is: unknown): Change[] {
  if (same(was, is)) return []
  const either = [was, is].filter((value) => value !== undefined)
  if (either.every(isTexts)) {
    const [before, after] = [isTexts(was) ? was : {}, isTexts(is) ? is : {}]
    return [...LANGUAGES].flatMap((language) => between(`${path}.${language}`, before[language], after[language]))
  }
  if (Array.isArray(was) && Array.isArray(is) && [...(was as unknown[]), ...(is as unknown[])].every(isMembers)) {
    const length = Math.max(was.length, is.length)
    return Array.from({ length }, (_, index) => membersBetween(`${path}.${index + 1}`, was[index], is[index])).flat()
  }
  return [{ path, was, is }]
}

function membersBetween(path: string, was: unknown, is: unknown): Change[] {
  if (!isMembers(was) || !isMembers(is)) return between(path, was, is)
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()
  return names.flatMap((name) => between(path === '' ? name : `${path}.${name}`, was[name], is[name]))
}

const told = ({ type, params, edges }: Block) => ({ type, params, edges })

function blockChanges(was: Block | undefined, is: Block | undefined): Change[] {
  const before = was ? told(was) : undefined
  const after = is ? told(is) : undefined
  return [
    ...(before && after ? between('type', before.type, after.type) : []),
    ...membersBetween('', before?.params ?? {}, after?.params ?? {}),
    ...membersBetween('→', before?.edges ?? {}, after?.edges ?? {}),
  ]
}

/** Moving a block on the canvas changes nothing. */
export function difference(from: Draft, to: Draft): Difference {
  const before = new Map(from.blocks.map((block) => [block.id, block]))
  const after = new Map(to.blocks.map((block) => [block.id, block]))
  const blocks = [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((id): BlockChange[] => {
    const [was, is] = [before.get(id), after.get(id)]
    const changes = blockChanges(was, is)
    const stands = !was ? 'added' : !is ? 'removed' : 'changed'
    if (stands === 'changed' && changes.length === 0) return []
    return [{ id, stands, type: (is ?? was)?.type ?? '', changes }]
  })
  const apart = new Set(['blocks', 'metadata', 'schema_version'])
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((name) => !apart.has(name)).sort()
  const emptied = (value: unknown) => (Array.isArray(value) && value.length === 0 ? undefined : value)
  return { blocks, flow: names.flatMap((name) => between(name, emptied(from[name]), emptied(to[name]))) }
}

export const isSame = ({ blocks, flow }: Difference): boolean => blocks.length === 0 && flow.length === 0

export const count = ({ blocks }: Difference, stands: Stands): number => blocks.filter((block) => block.stands === stands).length
