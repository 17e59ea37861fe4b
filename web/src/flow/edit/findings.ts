/** What the validator found, and which block and field each finding is about. */
import type { Block, BlockSpec } from '../document'
import { isMembers } from './draft'

export interface Finding {
  severity: 'error' | 'warning'
  code: string
  /** A JSON pointer into the document that was checked. */
  place: string
  block: string | null
  message: string
  fix: string
}

/** A finding with its place told by names, which stay right while blocks come and go. */
export interface Placed extends Finding {
  /** Within the block, e.g. `params/options/0/edge`; within the flow when it is about no block. Empty for the whole. */
  path: string
}

const unescaped = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~')

export function placed(findings: readonly Finding[], checked: unknown): Placed[] {
  const blocks = isMembers(checked) && Array.isArray(checked.blocks) ? (checked.blocks as unknown[]) : []
  return findings.map((finding) => {
    const [, first = '', index = '', ...rest] = finding.place.startsWith('/') ? finding.place.split('/').map(unescaped) : []
    if (first !== 'blocks' || !/^\d+$/.test(index)) return { ...finding, path: finding.block === null ? [first, index, ...rest].filter(Boolean).join('/') : '' }
    const at = blocks[Number(index)]
    const block = finding.block ?? (isMembers(at) && typeof at.id === 'string' ? at.id : null)
    return { ...finding, block, path: rest.join('/') }
  })
}

export interface Badge {
  errors: number
  warnings: number
}

export function badges(findings: readonly Finding[]): Map<string, Badge> {
  const found = new Map<string, Badge>()
  for (const { block, severity } of findings) {
    if (block === null) continue
    const badge = found.get(block) ?? { errors: 0, warnings: 0 }
    if (severity === 'error') badge.errors += 1
    else badge.warnings += 1
    found.set(block, badge)
  }
  return found
}

export const total = (findings: readonly Finding[]): Badge => ({
  errors: findings.filter(({ severity }) => severity === 'error').length,
  warnings: findings.filter(({ severity }) => severity === 'warning').length,
})

/** The field to go to: the one it is about; for one that is missing, the first required one that is not there; an edge by its name. */
export function fieldOf(finding: Placed, block: Block | undefined, spec: BlockSpec | undefined): string {
  // The place is the block's edges as a whole; which of them it is stands in the sentence.
  const [, edge] = finding.code === 'unwired_edge' ? (/ (\w+)\.$/.exec(finding.message) ?? []) : []
  if (edge !== undefined && finding.path === 'edges') return `edges/${edge}`
  if (finding.path !== 'params' || finding.code !== 'missing_field') return finding.path
  const missing = spec?.fields.find(({ name, required }) => required && block?.params[name] === undefined)
  return missing ? `params/${missing.name}` : finding.path
}
