/** Writing a draft so that two versions differ only where they mean something else. */
import type { Block } from '../document'
import { alphabetical, isMembers, namesOf, sorted, type Draft } from './draft'
import { belongings } from './subflows'

type Members = Record<string, unknown>

const isEmpty = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.length === 0) || (isMembers(value) && Object.keys(value).length === 0)

/** The order in which people read a flow; whatever else a document has comes after. */
const ORDER = ['schema_version', 'id', 'name', 'languages', 'start', 'person', 'hangup', 'variables', 'intents', 'out_of_scope', 'queues', 'sub_flows', 'blocks', 'metadata']
/** These must be there, even with nothing in them. */
const KEPT = new Set(['languages', 'blocks'])

function writtenBlock({ id, type, params, edges, ...other }: Block): Members {
  const block: Members = { id, type }
  if (!isEmpty(params)) block.params = sorted(params)
  if (!isEmpty(edges)) block.edges = sorted(edges)
  return { ...block, ...(sorted(other) as Members) }
}

/** The document in its canonical form, as the service's own files have it: blocks by id, members by name, nothing empty. */
export function written(draft: Draft): Members {
  const names = namesOf(draft)
  const { layout, ...other } = draft.metadata
  const belongs = belongings(draft)
  const without = Object.fromEntries(Object.entries(other).filter(([name]) => name !== 'belongs'))
  const places = Object.fromEntries(
    Object.entries(layout)
      .filter(([id]) => names.has(id))
      .sort(([a], [b]) => alphabetical(a, b))
      .map(([id, { x, y }]) => [id, { x: Math.round(x), y: Math.round(y) }]),
  )
  const metadata: Members = { ...(isEmpty(places) ? {} : { layout: places }), ...(sorted(isEmpty(belongs) ? without : { ...without, belongs }) as Members) }
  const blocks = [...draft.blocks].sort((a, b) => alphabetical(a.id, b.id)).map(writtenBlock)
  const whole: Members = { schema_version: 1, ...draft, blocks, metadata }
  const rest = Object.keys(whole).filter((name) => !ORDER.includes(name))
  const members = [...ORDER, ...rest.sort(alphabetical)]
    .filter((name) => KEPT.has(name) || !isEmpty(whole[name]))
    .map((name): [string, unknown] => [name, whole[name]])
  return Object.fromEntries(members)
}
