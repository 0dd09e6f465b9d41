import { type Client, DatabaseError } from 'pg'

/** The monthly partitions of one table, and whether the next one can be made. */
export type PartitionFacts = {
  table: string
  /** `2026-03`, ascending. */
  months: string[]
  /** This month by the machine's clock. */
  thisMonth: string
  /** A partition that takes what no month takes; there should be none. */
  catchAll: { name: string; holdsRows: boolean } | null
  /** The first month from this one on that has no partition; making it was tried and rolled back. */
  next: { month: string; problem: string | null }
}

const TABLES = ['reading', 'observation']

/** Looks at the partitions of every table that has them. */
export async function partitionFacts(client: Client, nowMs: number): Promise<PartitionFacts[]> {
  const { rows } = await client.query<PartitionRow>(PARTITIONS, [TABLES])
  const thisMonth = monthOf(nowMs)
  const facts: PartitionFacts[] = []
  for (const table of TABLES) {
    const own = rows.filter((row) => row.parent === table)
    const months = own.flatMap(({ bound }) => /FROM \('(\d{4}-\d{2})/.exec(bound)?.[1] ?? []).sort()
    const catchAll = own.find(({ bound }) => bound === 'DEFAULT')
    const month = firstMissing(months, thisMonth)
    const problem = await tryToMake(client, table, month)
    facts.push({
      ...{ table, months, thisMonth, next: { month, problem } },
      catchAll: catchAll === undefined ? null : { name: catchAll.name, holdsRows: catchAll.filled },
    })
  }
  return facts
}

type PartitionRow = { parent: string; name: string; bound: string; filled: boolean }

/** The serving role may not read a partition by its own name, but how large it is. */
const PARTITIONS = `
  select parent.relname as parent, part.relname as name, pg_get_expr(part.relpartbound, part.oid) as bound,
    pg_relation_size(part.oid) > 0 as filled
  from pg_inherits join pg_class parent on parent.oid = inhparent join pg_class part on part.oid = inhrelid
  where parent.relnamespace = 'public'::regnamespace and parent.relname = any($1)`

function monthOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 7)
}

function firstMissing(months: readonly string[], thisMonth: string): string {
  let month = thisMonth
  while (months.includes(month)) month = monthAfter(month)
  return month
}

function monthAfter(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return monthOf(Date.UTC(year, number))
}

/** Why the service could not make it; null when it can. Nothing remains of it. */
async function tryToMake(client: Client, table: string, month: string): Promise<string | null> {
  await client.query('begin')
  try {
    await client.query(`set local lock_timeout = '${LOCK_TIMEOUT_MS}ms'`)
    await client.query('select ensure_month_partition($1, $2::date)', [table, `${month}-01`])
    return null
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    return error.message
  } finally {
    await client.query('rollback')
  }
}

/** Attaching waits for nobody but another attach or a vacuum, and holds nobody up but these. */
const LOCK_TIMEOUT_MS = 2000
