import type { Id, Instant, InstantOrNull, Json, OrNull } from './rows.ts'

/** Rows of logger files; see `tables.ts`. */
export type LoggerFile = { id: Id; organisation_id: number; sha256: string; bytes: number; known_at: Instant }
export type LoggerFilePart = { file_id: number; ordinal: number; content: Buffer }
export type LoggerImport = {
  id: Id
  organisation_id: number
  sensor_id: number
  file_id: number
  answers: Json
  answers_sha256: string
  serial_differs: OrNull<string>
  dialect: string
  summary: Json
  known_at: Instant
}
export type LoggerImportRun = {
  id: Id
  import_id: number
  stored: number
  duplicates: number
  conflicts: number
  held: number
  observations: number
  known_at: Instant
}
export type Readout = {
  id: Id
  import_id: number
  sensor_id: number
  channel: string
  from_at: Instant
  to_at: Instant
  resolution_milli_c: number
  interval_ms: OrNull<number>
  known_at: Instant
  superseded_at: InstantOrNull
  superseded_reason: OrNull<string>
}
export type ReadingAgain = {
  sensor_id: number
  channel: string
  measured_at: Instant
  value_milli_c: OrNull<number>
  import_id: number
}
