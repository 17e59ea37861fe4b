/** Short names for the types of the OpenAPI document; nothing here is written by hand but the names, and the lists, which the document is to have. */
import type { components, operations } from './schema'

type Schemas = components['schemas']

export type Me = Schemas['Me']
export type Person = Schemas['Person']
export type Entry = Schemas['Entry']
export type Kind = Entry['kind']
export type EntryOf<K extends Kind> = Extract<Entry, { kind: K }>
export type Word = Schemas['Word']
export type Latency = Schemas['Latency']
export type Outcome = Schemas['Outcome']
export type CallState = Schemas['CallState']
export type CallSummary = Schemas['CallSummary']
export type CallDetail = Schemas['CallDetail']
export type CallPage = Schemas['CallPage']
export type Peaks = Schemas['Peaks']
export type TicketStatus = Schemas['TicketStatus']
export type TicketSummary = Schemas['TicketSummary']
export type TicketDetail = Schemas['TicketDetail']
export type TicketPage = Schemas['TicketPage']
export type FlowSummary = Schemas['FlowSummary']
export type FlowDetail = Schemas['FlowDetail']
export type CallSignalling = Schemas['CallSignalling']
export type LegView = Schemas['LegView']
export type MessageView = Schemas['MessageView']
export type LegSound = Schemas['LegSound']
export type LegPoint = Schemas['LegPoint']
export type Heard = Schemas['Heard']
export type Prompt = Schemas['Prompt']
export type Trunk = Schemas['Trunk']
export type Article = Schemas['Article']
export type ArticleText = Schemas['ArticleText']
export type ArticleVersion = Schemas['ArticleVersion']
export type Review = Schemas['Review']
export type Audience = Schemas['Audience']
export type Found = Schemas['Found']
export type Gap = Schemas['Gap']
export type FileForm = Schemas['FileForm']
export type Imported = Schemas['Imported']
export type DraftView = Schemas['DraftView'] & { lists: EntityList[] }
export type DraftChange = Schemas['DraftChange'] & { lists?: EntityList[] | null }
export type TrainingDraft = Schemas['Draft'] & { lists?: EntityList[] }
export type TrainingLine = Schemas['Line']
export type TrainingTest = Schemas['Test']
export type ImportedTraining = Schemas['ImportedTraining']
export type ImportFinding = Schemas['ImportFinding']
export type ExportFormat = operations['export']['parameters']['query']['format']
export type Origin = Schemas['Origin']
export type Parsed = Schemas['Parsed']
export type Share = Schemas['Share']
export type Check = Schemas['Check']
export type Finding = Schemas['Finding']
export type Outlier = Schemas['Outlier']
export type Difference = Schemas['Difference']
export type VersionView = Schemas['VersionView']
export type Judgement = Schemas['Judgement']
export type Group = Schemas['Group']
export type Utterance = Schemas['Utterance']
export type Keep = Schemas['Keep']
export type TokenView = Schemas['TokenView']
export type MadeToken = Schemas['MadeToken']

export interface EntityValue {
  value: string
  label?: Record<string, string>
  phrases?: Record<string, string[]>
}
export interface EntityList {
  name: string
  values: EntityValue[]
}
export interface WantedSlot {
  name: string
  kind: string
  list?: string
  form?: string
}
export interface FoundValue {
  slot: string
  value: { type: string } & Record<string, unknown>
  others: ({ type: string } & Record<string, unknown>)[]
  text: string
  confidence: number
}
