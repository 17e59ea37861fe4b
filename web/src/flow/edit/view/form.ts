/** What the fields of a form share: what was found about them, and what they can name. */
import { createContext, useContext } from 'react'
import type { FieldSpec } from '../../document'
import type { Placed } from '../findings'

export interface Form {
  /** About this block or flow, by the path within it. */
  findings: readonly Placed[]
  languages: readonly string[]
  intents: readonly { value: string; label: string }[]
  queues: readonly { value: string; label: string }[]
  subFlows: readonly { value: string; label: string }[]
  readOnly: boolean
}

export const FormContext = createContext<Form>({ findings: [], languages: [], intents: [], queues: [], subFlows: [], readOnly: true })
export const useForm = () => useContext(FormContext)

export interface FieldProps {
  spec: FieldSpec
  value: unknown
  /** `undefined` takes the value away. */
  set: (value: unknown) => void
  /** Within the block, e.g. `params/options/0/edge`. */
  path: string
  /** Names the control for those who cannot see it. */
  label: string
}

/** Kinds whose parts say themselves what was found about them. */
const parted = new Set(['rows', 'texts_list'])

/** What is said at a field: what is about itself, and about its parts unless they say so themselves. */
export function useFound(path: string, kind: string): readonly Placed[] {
  const { findings } = useForm()
  const inner = new RegExp(`^${path.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')}/`)
  return findings.filter((finding) => finding.path === path || (!parted.has(kind) && inner.test(finding.path)))
}

export const isTexts = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((text) => typeof text === 'string')

export const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === 'string')

/** The default of a field as a value. */
export function usual(spec: FieldSpec): unknown {
  if (spec.default == null) return undefined
  try {
    return JSON.parse(spec.default) as unknown
  } catch {
    return undefined
  }
}
