import type { Id, Instant, Json, OrNull } from './rows.ts'

/** Rows of the stability budget; see `tables.ts`. */
export type UnitDeclaration = {
  id: Id
  unit_id: number
  organisation_id: number
  used: Json
  signature: string
  reason: string
  known_at: Instant
}
export type UnitSplit = {
  id: Id
  unit_id: number
  parent_unit_id: number
  split_at: Instant
  organisation_id: number
  reason: string
  known_at: Instant
}
export type BudgetPosting = {
  unit_id: number
  number: number
  evaluation_version: number
  state: string
  unobserved: Json
  known_at: Instant
}
export type BudgetEntry = {
  id: Id
  unit_id: number
  band: string
  consumed_ms: number
  presumed_ms: number
  source: string
  version: number
  declaration_id: OrNull<number>
  parent_unit_id: OrNull<number>
  earlier_use: OrNull<string>
  reverses: OrNull<number>
  known_at: Instant
}
