import type { PartitionFacts } from '../../../db/partition-facts.ts'
import { type Check, fail, many, ok, warn } from './check.ts'

/** Whether a table has room for what comes; the service makes a month's partition when its first reading comes. */
export function checkPartitions({ table, months, thisMonth, catchAll, next }: PartitionFacts): Check {
  const name = `partitions of ${table}`
  if (catchAll?.holdsRows === true) {
    return fail(
      name,
      `the default partition ${catchAll.name} holds rows, so the partition of their month cannot be made`,
      'Detach it, insert its rows again through the parent, and drop it; this program never makes one',
    )
  }
  if (catchAll !== null) {
    return warn(
      name,
      `there is a default partition ${catchAll.name}: once it holds rows, the partition of their month cannot be made`,
      'Drop it',
    )
  }
  const reach = months.filter((month) => month >= thisMonth && month < next.month)
  const last = reach.at(-1)
  const found =
    last === undefined
      ? `none for this month, ${thisMonth}, yet`
      : `up to ${last}, ${many(reach.length - 1, 'month')} ahead`
  if (next.problem === null) return ok(name, `${found}; making that of ${next.month} was tried and would succeed`)
  const stuck = `${found}; making that of ${next.month} was tried and would fail (${next.problem})`
  const change = 'Run `npx unbroken migrate` with DATABASE_OWNER_URL, which lets the serving role make it'
  // this month's or the next one's: readings may already come, dated up to 300 s ahead
  if (reach.length < 2) return fail(name, `${stuck}, and its readings could not be stored`, change)
  return warn(name, stuck, change)
}
