import { escapeIdentifier } from 'pg'
import { withClient } from './connect.ts'

/** Creates a database, as a copy of `template` where one is given, owned by `owner` where one is given. */
export async function createDatabase(
  adminUrl: string,
  name: string,
  copy: { template?: string; owner?: string } = {},
): Promise<void> {
  const template = copy.template === undefined ? '' : ` template ${escapeIdentifier(copy.template)}`
  const owner = copy.owner === undefined ? '' : ` owner ${escapeIdentifier(copy.owner)}`
  await withClient(adminUrl, (client) => client.query(`create database ${escapeIdentifier(name)}${owner}${template}`))
}

/** Drops a database, ending whatever is connected to it; nothing happens when there is none. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, (client) => client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`))
}

/** The same server and login, another database. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${encodeURIComponent(name)}`
  return changed.toString()
}
