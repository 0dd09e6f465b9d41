import type { ServerFacts } from '../../../db/server-facts.ts'
import { type Check, fail, ok, warn } from './check.ts'

type Settings = ServerFacts['settings']

/** Whether what was committed, and so acknowledged, is on disk. */
export function checkDurability(settings: Settings): Check {
  const name = 'durability'
  const off = ['fsync', 'full_page_writes', 'synchronous_commit'].filter((each) => settingOf(settings, each) === 'off')
  if (off.length > 0) {
    return fail(
      name,
      `${off.join(' and ')} off: readings that were acknowledged are lost when the server or its machine stops hard`,
      'Set them to on, for the server, the role and the database',
    )
  }
  if (settingOf(settings, 'data_checksums') === 'off') {
    return warn(
      name,
      'data_checksums off: a page that the disk damaged is not noticed',
      'Stop the server and run pg_checksums --enable',
    )
  }
  const commit = settingOf(settings, 'synchronous_commit')
  return ok(name, `fsync, full_page_writes and data_checksums on, synchronous_commit ${commit}`)
}

/** Whether a session is as the program asks for it: a pooler in between may ignore that. */
export function checkSession(settings: Settings): Check {
  const name = 'database session'
  const wrong = Object.entries(SESSION).flatMap(([setting, wanted]) => {
    const value = settingOf(settings, setting)
    return value === wanted ? [] : [`${setting} is ${value}, not ${wanted}`]
  })
  if (wrong.length === 0) return ok(name, 'UTC, ISO dates, UTF8, writable')
  return fail(
    name,
    wrong.join('; '),
    'Let the pooler pass the options of a session on; server_encoding is chosen when a database is created',
  )
}

const SESSION: Record<string, string> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  server_encoding: 'UTF8',
  default_transaction_read_only: 'off',
}

/** Whether the server was fitted to the service at all; these defaults are for a small machine of everybody's. */
export function checkSpeed(settings: Settings): Check {
  const name = 'database speed'
  if (settingOf(settings, 'autovacuum') === 'off') {
    return fail(name, 'autovacuum off: tables grow and slow down without end', 'Set autovacuum = on')
  }
  const untouched = ['shared_buffers', 'max_wal_size', 'checkpoint_timeout', 'jit'].filter(
    (each) => settings[each]?.isDefault === true,
  )
  if (untouched.length === 0) return ok(name, 'shared_buffers, max_wal_size, checkpoint_timeout and jit were set')
  return warn(
    name,
    `as PostgreSQL comes: ${untouched.map((each) => `${each} ${settingOf(settings, each)}`).join(', ')}`,
    'Include infra/postgres/profile.conf, fitted to the machine',
  )
}

function settingOf(settings: Settings, name: string): string {
  return settings[name]?.value ?? 'unknown'
}
