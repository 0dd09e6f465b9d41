import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What `grants.sql` gives the serving role, by table: `select`, `update`, `update (model)` …, one column each. The file
 * is the only place that says so; this reads it.
 */
export function grantedRights(sql: string = readFileSync(GRANTS, 'utf8')): Map<string, string[]> {
  const rights = new Map<string, string[]>()
  for (const [, given = '', tables = ''] of sql.matchAll(GRANT)) {
    const each = [...given.matchAll(/(\w+)(?:\s*\(([^)]*)\))?/g)].flatMap(([, verb = '', columns]) =>
      columns === undefined ? [verb] : words(columns).map((column) => `${verb} (${column})`),
    )
    for (const table of words(tables)) rights.set(table, [...(rights.get(table) ?? []), ...each])
  }
  return rights
}

const GRANTS = join(import.meta.dirname, 'grants.sql')

/** Of tables only: rights on functions, sequences and the schema are given with a word before the name. */
const GRANT = /^grant\s+([^;]+?)\s+on\s+(?!all\b|function\b|schema\b)([^;]+?)\s+to :serving;/gm

function words(list: string): string[] {
  return list.split(',').map((word) => word.trim())
}
