import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { withClient } from '../../db/connect.ts'
import { committedSchema, describeSchema } from '../../db/schema.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

const describe = () => describeSchema(database.ownerUrl, inject('testServer').servingRole)

test('the committed schema.sql is what the migrations make (else run "node db/schema.ts --write")', async () => {
  expect(await describe()).toBe(committedSchema())
})

test('the description names every kind of change, and leaves out partitions', async () => {
  const changes: [statement: string, seen: string][] = [
    ["create type hue as enum ('red', 'blue')", `create type hue as enum ('red', 'blue');`],
    ['create domain year as integer check (value > 0)', 'create domain year as integer CHECK ((VALUE > 0));'],
    [
      'create table t (a int default 1, b text not null)',
      'create table t (\n  a integer default 1,\n  b text not null\n);',
    ],
    ["comment on column t.a is 'it''s'", `comment on column t.a is 'it''s';`],
    ['alter table t add constraint positive check (a > 0)', '  constraint positive CHECK ((a > 0))'],
    ['create index t_by_b on t (b)', 'CREATE INDEX t_by_b ON public.t USING btree (b);'],
    ['create view v as select a from t', 'create view v as\n SELECT a\n   FROM t;'],
    ['alter table t enable row level security', 'alter table t enable row level security;'],
    ['create policy p on t using (a = 1)', 'create policy p on t as permissive for all to public using ((a = 1));'],
    [
      `grant select, update (a) on t to ${inject('testServer').servingRole}`,
      'grant select on t to serving;\ngrant update (a) on t to serving;',
    ],
    ["create function f() returns trigger language plpgsql as 'begin return new; end'", 'FUNCTION public.f()'],
    ['revoke execute on function f() from public', 'FUNCTION public.f()'],
    [
      'create trigger g before insert on t for each row execute function f()',
      'CREATE TRIGGER g BEFORE INSERT ON public.t',
    ],
  ]
  for (const [statement, seen] of changes) {
    const before = await describe()
    await withClient(database.ownerUrl, (client) => client.query(statement))
    const after = await describe()
    expect(after, statement).not.toBe(before)
    expect(after, statement).toContain(seen)
  }
  const before = await describe()
  await withClient(database.ownerUrl, (client) => client.query(`select ensure_reading_partition('2026-03-01')`))
  expect(await describe()).toBe(before)
})
