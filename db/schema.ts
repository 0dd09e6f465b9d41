import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withClient } from './connect.ts'
import { createDatabase, dropDatabase, withDatabase } from './databases.ts'
import { startEmbeddedPostgres } from './embedded.ts'
import { migrate } from './migrate.ts'
import { SCHEMA_QUERIES } from './schema-queries.ts'

const SCHEMA_FILE = join(import.meta.dirname, 'schema.sql')

const HEADER = `-- The schema as the migrations leave it, to read and to review; nothing runs this file.
-- Written by "node db/schema.ts --write"; test/db/schema.pg.test.ts holds it against a migrated database.
-- Left out: partitions, which the service creates month by month, and what belongs to extensions.
-- "serving" stands for the serving role.
`

/** The schema of a migrated database as text, the same for the same schema: objects by name, columns in their order. */
export async function describeSchema(url: string, servingRole: string): Promise<string> {
  return withClient(url, async (client) => {
    const statements: string[] = []
    for (const query of SCHEMA_QUERIES) {
      const { rows } = await client.query<{ text: string }>(query.sql, query.needsRole ? [servingRole] : [])
      statements.push(...rows.map((row) => row.text))
    }
    return `${HEADER}\n${statements.join('\n\n')}\n`
  })
}

/** The text that is committed. */
export function committedSchema(): string {
  return readFileSync(SCHEMA_FILE, 'utf8')
}

if (import.meta.main) {
  const text = await schemaOfMigrations()
  if (process.argv.includes('--write')) writeFileSync(SCHEMA_FILE, text)
  else process.stdout.write(text)
}

async function schemaOfMigrations(): Promise<string> {
  const log = (line: string) => console.error(line)
  const server = await startEmbeddedPostgres({ name: 'test', log })
  const name = `schema_${randomUUID()}`
  try {
    await createDatabase(server.adminUrl, name, { owner: 'unbroken_owner' })
    const ownerUrl = withDatabase(server.ownerUrl, name)
    await migrate({ ownerUrl, servingRole: 'unbroken_app', now: Date.now, log })
    return await describeSchema(ownerUrl, 'unbroken_app')
  } finally {
    await dropDatabase(server.adminUrl, name)
    await server.stop()
  }
}
