/** A few kinds of block in the registry's shape, for tests. */
import type { BlockSpec, EdgeSpec, FieldSpec } from '../document'

const edge = (name: string, required = true): EdgeSpec => ({ name, required, help_en: name, help_zh: name })
const field = (name: string, type: FieldSpec['type'], part: Partial<FieldSpec> = {}): FieldSpec => ({
  name,
  type,
  required: false,
  default: null,
  help_en: name,
  help_zh: name,
  ...part,
})

const prompt = field('prompt', { kind: 'texts' }, { required: true })
const tries = field('max_tries', { kind: 'integer' }, { default: '3' })
const rows = (...names: [string, string][]) => ({ kind: 'rows', columns: names.map(([name, kind]) => field(name, { kind })) })

const kind = (name: string, category: string, fields: FieldSpec[], edges: EdgeSpec[]): BlockSpec => ({
  name,
  title_en: name,
  title_zh: name,
  category,
  fields,
  edges,
  help_en: name,
  help_zh: name,
})

const error = edge('error', false)
const hangup = edge('hangup', false)

export const specs: readonly BlockSpec[] = [
  kind('say', 'speak', [prompt], [edge('next'), error, hangup]),
  kind('menu', 'listen', [prompt, field('options', rows(['key', 'key'], ['edge', 'edge']), { required: true }), tries], [edge('no_input'), edge('no_match'), error, hangup]),
  kind(
    'ask_intent',
    'listen',
    [prompt, field('intents', { kind: 'intents' }), field('keys', rows(['key', 'key'], ['edge', 'edge'])), tries],
    [edge('no_input'), edge('no_match'), edge('rejected', false), edge('low_confidence'), error, hangup],
  ),
  kind('to_queue', 'hand_over', [field('queue', { kind: 'queue' }, { required: true })], [edge('ended', false), edge('no_agents'), edge('timeout'), hangup]),
  kind(
    'hours',
    'decide',
    [
      field('weekly', rows(['days', 'weekdays'], ['from', 'time'], ['to', 'time']), {
        required: true,
        example: '[{"days":["mon","tue"],"from":"09:00","to":"17:30"}]',
      }),
      field('holidays', rows(['date', 'date'], ['name', 'template'])),
    ],
    [edge('open'), edge('closed'), edge('holiday', false)],
  ),
  kind('split', 'decide', [field('ways', rows(['edge', 'edge'], ['percent', 'integer']), { required: true })], []),
  kind('sub_flow', 'structure', [field('flow', { kind: 'sub_flow' }, { required: true })], [edge('next')]),
  kind('return', 'structure', [field('edge', { kind: 'name' }, { default: '"next"' })], []),
  kind('end', 'structure', [field('outcome', { kind: 'choice' }, { required: true })], []),
]
