import type { Client } from 'pg'
import { withClient } from './connect.ts'
import { SetupError } from './setup-error.ts'

/** What the owning role of the configuration is; a sentence where it cannot be used. */
export type OwnerFacts =
  | { usable: true; name: string; ownsAll: boolean; sameDatabase: boolean }
  | { usable: false; problem: string }

/** Looks whether DATABASE_OWNER_URL leads to the owner of the tables that DATABASE_URL serves. */
export async function ownerFacts(urls: { servingUrl: string; ownerUrl: string }): Promise<OwnerFacts> {
  try {
    const serving = await withClient(urls.servingUrl, identityOf)
    const owner = await withClient(urls.ownerUrl, identityOf)
    const sameDatabase = serving.database === owner.database && serving.started === owner.started
    return { usable: true, name: owner.name, ownsAll: owner.ownsAll, sameDatabase }
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    return { usable: false, problem: error.message }
  }
}

type Identity = { name: string; database: number; started: number; ownsAll: boolean }

/** A server is the same when it was started at the same microsecond. */
async function identityOf(client: Client): Promise<Identity> {
  const { rows } = await client.query<Identity>(
    `select current_user as name, oid::bigint as database,
       (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint as started,
       coalesce((select bool_and(pg_has_role(relowner, 'MEMBER')) from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')), true) as "ownsAll"
     from pg_database where datname = current_database()`,
  )
  const [row] = rows
  if (row === undefined) throw new Error('a connection is to a database')
  return row
}
