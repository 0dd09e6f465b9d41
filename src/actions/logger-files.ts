import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { ByteSource } from '../loggers/survey.ts'

/** A file as it came in, kept by the door until it is stored; `sha256` in hexadecimal. */
export type GivenFile = { source: ByteSource; sha256: string; bytes: number }

/** One part of the stored bytes: what one row, one statement and one answer's chunk hold comfortably. */
const PART_BYTES = 1024 * 1024

/** Stores the bytes of a file for an organisation, once; returns the file's id. */
export async function storeFile(
  tx: Tx,
  { source, sha256, bytes }: GivenFile,
  owner: { organisationId: number; now: number },
): Promise<number> {
  const row = { organisation_id: owner.organisationId, sha256, bytes, known_at: at(owner.now) }
  const added = await tx
    .insertInto('logger_file')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (added === undefined) {
    const kept = await tx
      .selectFrom('logger_file')
      .select('id')
      .where('organisation_id', '=', owner.organisationId)
      .where('sha256', '=', sha256)
      .executeTakeFirstOrThrow()
    return kept.id
  }
  let ordinal = 0
  for await (const content of partsOf(source)) {
    await tx.insertInto('logger_file_part').values({ file_id: added.id, ordinal, content }).execute()
    ordinal++
  }
  return added.id
}

async function* partsOf(source: ByteSource): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = []
  let size = 0
  for await (const bytes of source()) {
    waiting.push(bytes)
    size += bytes.length
    if (size < PART_BYTES) continue
    yield Buffer.concat(waiting)
    waiting = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(waiting)
}

/** The stored bytes of a file, part by part, so that no reader needs the whole of it. */
export async function* readFile(ctx: Ctx, fileId: number): AsyncGenerator<Uint8Array> {
  for (let ordinal = 0; ; ordinal++) {
    const part = await ctx.db.kysely
      .selectFrom('logger_file_part')
      .select('content')
      .where('file_id', '=', fileId)
      .where('ordinal', '=', ordinal)
      .executeTakeFirst()
    if (part === undefined) return
    yield part.content
  }
}
