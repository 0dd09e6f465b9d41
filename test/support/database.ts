import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { connect, type Database, withClient } from '../../db/connect.ts'
import { createDatabase, dropDatabase, withDatabase } from '../../db/databases.ts'

export type TestDatabase = {
  ownerUrl: string
  servingUrl: string
  /** Connected as the serving role, as in production. */
  db: Database
  /** Closes `db` and removes the database. */
  drop: () => Promise<void>
}

/** Enough for two concurrent recorders beside readers; the server allows 100 to all test files together. */
const TEST_CONNECTIONS = 10

/** A fresh migrated database, about 50 ms: a copy of the run's template. One per test file, in `beforeAll`. */
export async function testDatabase(): Promise<TestDatabase> {
  const { databaseUrls, drop } = await createTestDatabase({ migrated: true })
  const db = connect(databaseUrls.servingUrl, {
    max: TEST_CONNECTIONS,
    applicationName: 'unbroken test',
    statementTimeoutMs: 30_000,
    log: { warn: () => {} },
  })
  const closeAndDrop = async () => {
    await db.close()
    await drop()
  }
  return { ...databaseUrls, db, drop: closeAndDrop }
}

/** What nobody who serves can do: a statement of the owning role, for tests of what tampering leaves behind. */
export async function asOwner({ ownerUrl }: Pick<TestDatabase, 'ownerUrl'>, statement: string): Promise<void> {
  await withClient(ownerUrl, (client) => client.query(statement))
}

/** An empty database of the owning role, for tests of the migrations themselves. */
export async function emptyDatabase(): Promise<{ ownerUrl: string; servingUrl: string; drop: () => Promise<void> }> {
  const { databaseUrls, drop } = await createTestDatabase({ migrated: false })
  return { ...databaseUrls, drop }
}

async function createTestDatabase({ migrated }: { migrated: boolean }) {
  const server = inject('testServer')
  const name = `${server.prefix}_${randomBytes(4).toString('hex')}`
  await createDatabase(server.adminUrl, name, {
    owner: server.ownerRole,
    ...(migrated ? { template: server.template } : {}),
  })
  const databaseUrls = {
    ownerUrl: withDatabase(server.ownerUrl, name),
    servingUrl: withDatabase(server.servingUrl, name),
  }
  return { databaseUrls, drop: () => dropDatabase(server.adminUrl, name) }
}
