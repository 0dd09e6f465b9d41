import { type RawBuilder, sql } from 'kysely'
import { at } from '../../db/tables.ts'

/** Of rows that are superseded and never changed: those that stand now, or those that stood at an instant. */
export type Standing = 'now' | number

/** The condition on a table, or its alias, with `known_at` and `superseded_at`. */
export function stood(table: string, knownAt: Standing): RawBuilder<boolean> {
  const superseded = sql.ref(`${table}.superseded_at`)
  if (knownAt === 'now') return sql<boolean>`${superseded} is null`
  const known = sql.ref(`${table}.known_at`)
  return sql<boolean>`(${known} <= ${at(knownAt)} and (${superseded} is null or ${superseded} > ${at(knownAt)}))`
}
