import { describe, expect, test } from 'vitest'
import type { OwnerFacts } from '../../db/owner-facts.ts'
import type { PartitionFacts } from '../../db/partition-facts.ts'
import type { RoleFacts } from '../../db/role-facts.ts'
import type { ServerFacts } from '../../db/server-facts.ts'
import { type Check, printCheck } from '../../src/commands/doctor/check.ts'
import { checkDatabase } from '../../src/commands/doctor/database-checks.ts'

const NOW = Date.UTC(2026, 2, 20, 10)
const HOUR = 3_600_000

/** The lines that are not well. */
function told(checks: readonly Check[]): string[] {
  return checks.filter(({ level }) => level !== 'ok').map(printCheck)
}

const ROLE: RoleFacts = { name: 'app', superuser: false, owns: [], differing: [] }
const OWNER: OwnerFacts = { usable: true, name: 'owner', ownsAll: true, sameDatabase: true }
const PARTITIONS: PartitionFacts = {
  table: 'reading',
  months: ['2026-02', '2026-03', '2026-04'],
  thisMonth: '2026-03',
  catchAll: null,
  next: { month: '2026-05', problem: null },
}
const SETTINGS: Record<string, string> = {
  ...{ fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on', data_checksums: 'on', autovacuum: 'on' },
  ...{ TimeZone: 'UTC', DateStyle: 'ISO, YMD', server_encoding: 'UTF8', default_transaction_read_only: 'off' },
  ...{ shared_buffers: '1GB', max_wal_size: '8GB', checkpoint_timeout: '15min', jit: 'off' },
}
const CONTENTS = {
  partitions: [PARTITIONS],
  unjudgedShipments: 0,
  unreleased: { messages: 0, more: false, oldestAt: null },
}

function settings(changed: Record<string, string> = {}, isDefault = false): ServerFacts['settings'] {
  const all = Object.entries({ ...SETTINGS, ...changed })
  return Object.fromEntries(all.map(([name, value]) => [name, { value, isDefault }]))
}

const SERVER: ServerFacts = {
  versionNumber: 180_004,
  settings: settings(),
  isStandby: false,
  connections: { allowed: 97, usedByOthers: 5 },
  clock: { offsetMs: 0, boundMs: 1 },
  schema: { version: 7, expected: 7 },
  role: ROLE,
  contents: CONTENTS,
}

function ofDatabase(changed: Partial<ServerFacts>, owner: OwnerFacts | 'not_configured' = OWNER): string[] {
  const facts = { kind: 'server', reached: true, server: { ...SERVER, ...changed }, owner } as const
  return told(checkDatabase(facts, { pool: 10, now: NOW }))
}

describe('the database', () => {
  const partitions = (changed: Partial<PartitionFacts>) => ({
    contents: { ...CONTENTS, partitions: [{ ...PARTITIONS, ...changed }] },
  })
  const refused = 'permission denied for function ensure_month_partition'

  test.each<[string, Partial<ServerFacts>, RegExp[]]>([
    ['as it should be', {}, []],
    ['an old one', { versionNumber: 130_010 }, [/^fail {2}database: PostgreSQL 13\.10 is too old/]],
    ['an untested one', { versionNumber: 170_002 }, [/^warn {2}database: PostgreSQL 17\.2: .* tested with 18/]],
    ['a standby', { isStandby: true }, [/^fail {2}database: .* standby/]],
    ['fsync off', { settings: settings({ fsync: 'off' }) }, [/^fail {2}durability: fsync off: .* are lost/]],
    ['commits not waited for', { settings: settings({ synchronous_commit: 'off' }) }, [/^fail {2}durability: synchr/]],
    ['a replica waited for', { settings: settings({ synchronous_commit: 'remote_apply' }) }, []],
    ['no checksums', { settings: settings({ data_checksums: 'off' }) }, [/^warn {2}durability: data_checksums off/]],
    ['a pooler drops the time zone', { settings: settings({ TimeZone: 'CET' }) }, [/^fail {2}database session: .*CET/]],
    ['autovacuum off', { settings: settings({ autovacuum: 'off' }) }, [/^fail {2}database speed: autovacuum/]],
    ['never fitted', { settings: settings({}, true) }, [/^warn {2}database speed: .*infra\/postgres\/profile\.conf/]],
    [
      'too few connections',
      { connections: { allowed: 14, usedByOthers: 5 } },
      [/^fail {2}connections: .*, others use 5/],
    ],
    [
      'only the pool fits',
      { connections: { allowed: 15, usedByOthers: 5 } },
      [/^warn {2}connections: .* too few are left/],
    ],
    ['pool, recorder and administrator fit', { connections: { allowed: 20, usedByOthers: 5 } }, []],
    [
      'not migrated',
      { schema: { version: 6, expected: 7 }, contents: null },
      [/^fail {2}migrations: .* unbroken migrate/],
    ],
    ['a newer one', { schema: { version: 8, expected: 7 }, contents: null }, [/^fail {2}migrations: .* newer program/]],
    ['unjudged', { contents: { ...CONTENTS, unjudgedShipments: 2 } }, [/^warn {2}unjudged shipments: 2 shipments/]],
    [
      'kept messages',
      { contents: { ...CONTENTS, unreleased: { messages: 3, more: false, oldestAt: NOW - 50 * HOUR } } },
      [/^warn {2}kept messages: 3 held or quarantined messages .* for 2 days/],
    ],
    ['no partition yet', partitions({ months: [], next: { month: '2026-03', problem: null } }), []],
    [
      'no partition, and none can be made',
      partitions({ months: [], next: { month: '2026-03', problem: refused } }),
      [/^fail .* reading: none for this month, 2026-03, .* would fail \(permission denied .* unbroken migrate/],
    ],
    [
      'only this month, and none can be made',
      partitions({ months: ['2026-03'], next: { month: '2026-04', problem: refused } }),
      [/^fail {2}partitions of reading: up to 2026-03, 0 months ahead/],
    ],
    ['head-room, but no more', partitions({ next: { month: '2026-05', problem: refused } }), [/^warn .*1 month ahead/]],
    ['an empty catch-all', partitions({ catchAll: { name: 'rest', holdsRows: false } }), [/^warn .* rest: .* Drop it/]],
    ['a filled catch-all', partitions({ catchAll: { name: 'rest', holdsRows: true } }), [/^fail .* rest holds rows/]],
  ])('%s', (_what, changed, lines) => {
    expect(ofDatabase(changed)).toEqual(lines.map((line) => expect.stringMatching(line)))
  })

  const evidence = { table: 'reading', tooMany: ['delete'], missing: [], appendOnly: true }
  test.each<[string, Partial<RoleFacts>, RegExp[]]>([
    ['a superuser', { superuser: true, owns: ['reading'] }, [/^fail {2}roles: .* superuser: append-only is not enf/]],
    [
      'the owner',
      { owns: ['reading'] },
      [/^fail {2}roles: role "app" .* owns reading: append-only .*DATABASE_OWNER_URL/],
    ],
    ['may delete', { differing: [evidence] }, [/^fail {2}roles: .* delete on reading; append-only is not enforced/]],
    [
      'may more with a cache',
      { differing: [{ ...evidence, table: 'checkpoint', tooMany: ['truncate'], appendOnly: false }] },
      [/^fail {2}roles: .* truncate on checkpoint\. /],
    ],
    [
      'lacks a right',
      { differing: [{ ...evidence, tooMany: [], missing: ['insert'] }] },
      [/^fail {2}roles: role "app" lacks insert on reading\. .* unbroken migrate/],
    ],
  ])('the serving role: %s', (_what, changed, lines) => {
    expect(ofDatabase({ role: { ...ROLE, ...changed } })).toEqual(lines.map((line) => expect.stringMatching(line)))
  })

  test.each<[string, OwnerFacts, RegExp]>([
    ['of another database', { ...OWNER, sameDatabase: false }, /leads to another database/],
    ['that owns nothing', { ...OWNER, ownsAll: false }, /"owner" of DATABASE_OWNER_URL does not own the tables/],
    [
      'that is not let in',
      { usable: false, problem: 'It refused.' },
      /cannot be used\. It refused\. Correct DATABASE_O/,
    ],
  ])('an owning role %s fails', (_what, owner, line) => {
    expect(ofDatabase({}, owner)).toEqual([expect.stringMatching(line)])
  })

  test('that cannot be reached fails in one line, and an embedded one is for trials only', () => {
    const away = checkDatabase({ kind: 'server', reached: false, problem: 'Nothing answers.' }, { pool: 10, now: NOW })
    expect(away.map(printCheck)).toEqual(['fail  database: cannot be used. Nothing answers.'])
    const embedded = { kind: 'embedded', reached: true, server: SERVER, owner: OWNER } as const
    expect(told(checkDatabase(embedded, { pool: 10, now: NOW }))).toEqual([
      expect.stringMatching(/^warn {2}database: embedded PostgreSQL 18\.4: for trials only/),
    ])
  })
})
