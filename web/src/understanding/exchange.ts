/**
 * Training data of other programs: which files are worth sending, how they are looked at and taken in, and the report of an
 * import in groups. The service tells the format; nothing of a file is read here.
 */
import { http, take } from '../api/client'
import type { ExportFormat, ImportedTraining, ImportFinding } from '../api/types'

/** As much as the service takes, in bytes. */
export const LARGEST_FILE = 16 * 1024 * 1024

export type Unfit = 'several' | 'empty' | 'too_large'

/** Why files that were chosen or dropped are not sent. What is too large is told before all of it is uploaded. */
export function unfit(files: readonly Pick<File, 'size'>[]): Unfit | undefined {
  if (files.length > 1) return 'several'
  const size = files[0]?.size ?? 0
  if (size === 0) return 'empty'
  return size > LARGEST_FILE ? 'too_large' : undefined
}

/** A file as it was when it was chosen: what is looked at is what is taken in. */
export interface TrainingFile {
  name: string
  bytes: ArrayBuffer
}

/** Looks at a file; with the revision of the draft, puts what is in it there. */
export const read = (file: TrainingFile, revision?: number): Promise<ImportedTraining> =>
  take(
    http.POST('/api/v1/intents/import', {
      params: { query: { file: file.name, revision } },
      body: file.bytes as never,
      bodySerializer: (body: unknown) => body as ArrayBuffer,
      headers: { 'content-type': 'application/octet-stream' },
    }),
  )

/** What can be written, and what the file is called. */
export const formats: readonly { format: ExportFormat; file: string }[] = [
  { format: 'rasa', file: 'nlu.yml' },
  { format: 'csv', file: 'intents.csv' },
  { format: 'json_lines', file: 'intents.jsonl' },
]

/** The file, byte by byte: read as a text it would lose the mark by which Excel knows UTF-8. */
export const written = (format: ExportFormat): Promise<Blob> =>
  take(http.GET('/api/v1/intents/export', { params: { query: { format } }, parseAs: 'blob' }))

/** Whether the draft would be another one: an intent without an example is new, too, and counts none. */
export const bringsSomething = ({ new_examples, findings }: Pick<ImportedTraining, 'new_examples' | 'findings'>): boolean =>
  new_examples > 0 || findings.some(({ kind }) => kind === 'no_examples')

const severities = ['error', 'warning', 'note'] as const
export type Severity = (typeof severities)[number]

export interface Alike {
  kind: string
  findings: ImportFinding[]
  /** How many more there are, which the service has counted but does not list. */
  more: number
}

export interface Grave {
  severity: Severity
  /** With those that are only counted. */
  count: number
  kinds: Alike[]
}

/** Of one kind in one file the service lists a hundred and says in a last finding how many more there are. */
function counted({ item, message }: ImportFinding): number {
  return item === 'the report' ? Number(/^(\d+) more /.exec(message)?.[1] ?? 0) : 0
}

/** Findings by how much they matter, the worst first, and by kind in the order in which they came. */
export function grouped(findings: readonly ImportFinding[]): Grave[] {
  const graves = new Map<Severity, Map<string, Alike>>(severities.map((severity) => [severity, new Map()]))
  for (const finding of findings) {
    // A severity of a newer service is shown with the least.
    const kinds = graves.get(finding.severity as Severity) ?? graves.get('note')
    const alike = kinds?.get(finding.kind) ?? { kind: finding.kind, findings: [], more: 0 }
    const more = counted(finding)
    if (more > 0) alike.more += more
    else alike.findings.push(finding)
    kinds?.set(finding.kind, alike)
  }
  return [...graves]
    .map(([severity, kinds]) => ({ severity, count: sum([...kinds.values()]), kinds: [...kinds.values()] }))
    .filter(({ count }) => count > 0)
}

export const sum = (kinds: readonly Alike[]): number => kinds.reduce((all, { findings, more }) => all + findings.length + more, 0)
