/** Short names for the types of the OpenAPI document; nothing here is written by hand but the names. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Me = Schemas['Me']
export type Person = Schemas['Person']
export type Entry = Schemas['Entry']
export type Kind = Entry['kind']
export type EntryOf<K extends Kind> = Extract<Entry, { kind: K }>
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
