import type { Client } from 'pg'
import { grantedRights } from './granted-rights.ts'

/** What a role could do, whatever it does. */
export type RoleFacts = {
  name: string
  superuser: boolean
  /** Of our tables; it could give itself every right there. */
  owns: string[]
  /** Tables whose rights are not those of `grants.sql`. */
  differing: { table: string; tooMany: string[]; missing: string[]; appendOnly: boolean }[]
}

type TableRow = { table: string; owned: boolean; rights: string[] }

/** Asks the server what the connected role may do to each table, and compares it with `grants.sql`. */
export async function roleFacts(client: Client): Promise<RoleFacts> {
  const { rows } = await client.query<{ name: string; superuser: boolean }>(
    `select rolname as name, rolsuper as superuser from pg_roles where rolname = current_user`,
  )
  const tables = await client.query<TableRow>(RIGHTS)
  const granted = grantedRights()
  const differing = tables.rows.flatMap(({ table, rights }) => {
    const wanted = granted.get(table) ?? []
    const tooMany = rights.filter((right) => !wanted.includes(right) && !wanted.includes(wholeOf(right)))
    const missing = wanted.filter((right) => !rights.includes(right) && !rights.includes(wholeOf(right)))
    const appendOnly = wanted.every((right) => right === 'select' || right === 'insert')
    return tooMany.length + missing.length === 0 ? [] : [{ table, tooMany, missing, appendOnly }]
  })
  const { name = '', superuser = false } = rows[0] ?? {}
  return { name, superuser, owns: tables.rows.filter(({ owned }) => owned).map(({ table }) => table), differing }
}

/** `update (model)` is part of `update`. */
function wholeOf(right: string): string {
  return right.replace(/ \(.*/, '')
}

const RIGHTS = `
  select relname as table, pg_has_role(relowner, 'MEMBER') as owned,
    array(select verb from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) as verb
      where has_table_privilege(c.oid, verb))
    || array(select 'update (' || attname || ')' from pg_attribute
      where attrelid = c.oid and attnum > 0 and not attisdropped
        and has_column_privilege(c.oid, attnum, 'update') and not has_table_privilege(c.oid, 'update')
      order by attnum) as rights
  from pg_class c
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
    and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'e')
  order by relname`
