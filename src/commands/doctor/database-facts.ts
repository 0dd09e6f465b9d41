import { startEmbeddedPostgres } from '../../../db/embedded.ts'
import { type OwnerFacts, ownerFacts } from '../../../db/owner-facts.ts'
import { type ServerFacts, serverFacts } from '../../../db/server-facts.ts'
import { SetupError } from '../../../db/setup-error.ts'
import type { Config } from '../../config.ts'

/** What the configured database was seen to be; a sentence that says what to do where it cannot be reached. */
export type DatabaseFacts = { kind: 'embedded' | 'server' } & (
  | { reached: false; problem: string }
  | { reached: true; server: ServerFacts; owner: OwnerFacts | 'not_configured' }
)

type Wanted = Pick<Config, 'database' | 'instance' | 'dataDir' | 'xdgDataHome'>

/** Looks at the configured database and changes nothing; an embedded one is started for that, where it does not run. */
export async function databaseFacts(config: Wanted, now: () => number): Promise<DatabaseFacts> {
  if (config.database.kind === 'server') return { kind: 'server', ...(await look(config.database, now)) }
  const { instance: name, dataDir: dataRoot, xdgDataHome } = config
  const postgres = await startEmbeddedPostgres({ name, dataRoot, xdgDataHome, log: () => undefined })
  try {
    return { kind: 'embedded', ...(await look({ url: postgres.servingUrl, ownerUrl: postgres.ownerUrl }, now)) }
  } finally {
    await postgres.stop()
  }
}

async function look({ url, ownerUrl }: { url: string; ownerUrl: string | null }, now: () => number) {
  try {
    const server = await serverFacts(url, now)
    const owner = ownerUrl === null ? 'not_configured' : await ownerFacts({ servingUrl: url, ownerUrl })
    return { reached: true, server, owner } as const
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    return { reached: false, problem: error.message } as const
  }
}
