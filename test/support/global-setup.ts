import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { withClient } from '../../db/connect.ts'
import { createDatabase, dropDatabase, withDatabase } from '../../db/databases.ts'
import { startEmbeddedPostgres } from '../../db/embedded.ts'
import { migrate } from '../../db/migrate.ts'
import { SetupError } from '../../db/setup-error.ts'

/** The server of a test run, and the migrated database that `testDatabase` copies. */
export type TestServer = {
  /** May create databases and roles. */
  adminUrl: string
  ownerUrl: string
  servingUrl: string
  ownerRole: string
  servingRole: string
  template: string
  /** Names of this run's databases begin so; teardown drops them. */
  prefix: string
}

declare module 'vitest' {
  interface ProvidedContext {
    testServer: TestServer
  }
}

/** Makes one migrated template database per run, on the server DATABASE_URL names or on the embedded one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { server, stop } = await startServer(process.env.DATABASE_URL)
  await createDatabase(server.adminUrl, server.template, { owner: server.ownerRole })
  const ownerUrl = withDatabase(server.ownerUrl, server.template)
  await migrate({ ownerUrl, servingRole: server.servingRole, now: Date.now, log: () => {} })
  // a template with a connection cannot be copied, so nobody may connect any more
  await run(server.adminUrl, [`alter database ${server.template} allow_connections false`])
  project.provide('testServer', server)
  return async () => {
    await dropDatabases(server.adminUrl, (name) => name.startsWith(server.prefix))
    await stop()
  }
}

type Started = { server: TestServer; stop: () => Promise<void> }

/** Two runs may share a server: names say whose a database is, and those of a killed run are known by its pid. */
async function startServer(databaseUrl: string | undefined): Promise<Started> {
  const prefix = `unbroken_test_${process.pid}_${randomBytes(3).toString('hex')}`
  const names = { prefix, template: `${prefix}_template` }
  if (databaseUrl !== undefined && databaseUrl !== '') return givenServer(databaseUrl, names)
  const embedded = await startEmbeddedPostgres({ name: 'test', log: () => {} })
  const { adminUrl, ownerUrl, servingUrl, stop } = embedded
  await dropDatabases(adminUrl, (name) => {
    const pid = /^unbroken_test_(\d+)_/.exec(name)?.[1]
    return pid !== undefined && !existsSync(`/proc/${pid}`)
  })
  const roles = { ownerRole: 'unbroken_owner', servingRole: 'unbroken_app' }
  return { server: { adminUrl, ownerUrl, servingUrl, ...roles, ...names }, stop }
}

/** Two roles of this run on a server that is not ours. */
async function givenServer(adminUrl: string, names: { prefix: string; template: string }): Promise<Started> {
  await requireRights(adminUrl)
  const ownerRole = `${names.prefix}_owner`
  const servingRole = `${names.prefix}_app`
  const password = randomBytes(16).toString('hex')
  await run(adminUrl, [
    `create role ${ownerRole} login password '${password}'`,
    `create role ${servingRole} login password '${password}'`,
    // who is no superuser must be a member to give a role a database, and to end its connections
    `grant ${ownerRole}, ${servingRole} to current_user`,
  ])
  const urlAs = (role: string) => {
    const url = new URL(adminUrl)
    url.username = role
    url.password = password
    return url.toString()
  }
  const roles = { ownerRole, servingRole, ownerUrl: urlAs(ownerRole), servingUrl: urlAs(servingRole) }
  const stop = () => run(adminUrl, [`drop role ${ownerRole}`, `drop role ${servingRole}`])
  return { server: { adminUrl, ...roles, ...names }, stop }
}

async function requireRights(adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ rolname: string; enough: boolean }>(
      `select rolname, rolsuper or (rolcreatedb and rolcreaterole) as enough
       from pg_roles where rolname = current_user`,
    )
    const role = rows[0]
    if (role?.enough === true) return
    throw new SetupError(
      `The tests need a role that creates databases and roles: run "alter role ${role?.rolname} createdb createrole" ` +
        'on the server of DATABASE_URL, or unset DATABASE_URL to test on the embedded PostgreSQL.',
    )
  })
}

async function run(url: string, statements: string[]): Promise<void> {
  await withClient(url, async (client) => {
    for (const statement of statements) await client.query(statement)
  })
}

async function dropDatabases(adminUrl: string, isGone: (name: string) => boolean): Promise<void> {
  const names = await withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database')
    return rows.map((row) => row.datname)
  })
  for (const name of names.filter(isGone)) await dropDatabase(adminUrl, name)
}
