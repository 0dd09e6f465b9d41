import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withClient } from '../../db/connect.ts'
import { recording } from '../../db/recording.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await withClient(database.ownerUrl, (client) =>
    client.query(
      'create table note (id int primary key, words text check (words <> $$bad$$)); grant all on note to public',
    ),
  )
})
afterAll(() => database.drop())
beforeEach(() => database.db.pool.query('delete from note'))

const insert = (id: number, words: string) => ({ text: 'insert into note values ($1, $2)', values: [id, words] })

async function notes(): Promise<string[]> {
  const { rows } = await database.db.pool.query<{ words: string }>('select words from note order by id')
  return rows.map(({ words }) => words)
}

describe.each([{ pipelined: false }, { pipelined: true }])('a recording, %o:', (options) => {
  test('everything is committed together, sent and waited for, in that order', async () => {
    const seen = await recording(
      database.db,
      async ({ tx, client, send }) => {
        await send(insert(1, 'one'))
        await client.query(insert(2, 'two'))
        await send(insert(3, 'three'))
        const { rows } = await sql<{ n: number }>`select count(*) as n from note`.execute(tx)
        expect(await notes()).toEqual([])
        return rows
      },
      options,
    )
    expect(seen).toEqual([{ n: 3 }])
    expect(await notes()).toEqual(['one', 'two', 'three'])
  })

  test('a statement that is only sent fails the whole with its own error, and the connection lives on', async () => {
    const failing = recording(
      database.db,
      async ({ client, send }) => {
        await client.query(insert(1, 'one'))
        await send(insert(2, 'bad'))
        return 'stored'
      },
      options,
    )
    await expect(failing).rejects.toMatchObject({ code: '23514' })
    expect(await notes()).toEqual([])
    await recording(database.db, ({ client }) => client.query(insert(1, 'again')), options)
    expect(await notes()).toEqual(['again'])
  })

  test('work that throws leaves nothing', async () => {
    const failing = recording(
      database.db,
      async ({ send }) => {
        await send(insert(1, 'one'))
        throw new Error('on purpose')
      },
      options,
    )
    await expect(failing).rejects.toThrow('on purpose')
    expect(await notes()).toEqual([])
  })

  test('a connection that the server ends fails the recording, and the next one has another', async () => {
    const failing = recording(
      database.db,
      async ({ client, send }) => {
        await send(insert(1, 'one'))
        const { rows } = await client.query('select pg_backend_pid() as pid')
        await withClient(database.servingUrl, (other) => other.query('select pg_terminate_backend($1)', [rows[0].pid]))
        await client.query(insert(2, 'two'))
      },
      options,
    )
    await expect(failing).rejects.toThrow()
    expect(await notes()).toEqual([])
    await recording(database.db, ({ client }) => client.query(insert(3, 'three')), options)
    expect(await notes()).toEqual(['three'])
  })
})
