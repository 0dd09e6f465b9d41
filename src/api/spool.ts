import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { GivenFile } from '../actions/logger-files.ts'

/** A body on disk, which can be read more than once; `remove` it in the end. */
export type Spooled = GivenFile & { remove: () => Promise<void> }

/**
 * Writes a request's body to a file of the system's temporary folder while hashing it, so that memory does not grow
 * with it. Null where it has more than `maxBytes`: nothing is left behind then, as after a connection that broke off.
 */
export async function spool(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<Spooled | null> {
  const folder = await mkdtemp(join(tmpdir(), 'unbroken-import-'))
  const path = join(folder, 'file')
  const remove = () => rm(folder, { recursive: true, force: true })
  const hash = createHash('sha256')
  let bytes = 0
  try {
    const counted = async function* () {
      for await (const chunk of body ?? []) {
        bytes += chunk.length
        if (bytes > maxBytes) throw new TooLarge()
        hash.update(chunk)
        yield chunk
      }
    }
    await pipeline(counted, createWriteStream(path))
    return { source: () => createReadStream(path), sha256: hash.digest('hex'), bytes, remove }
  } catch (error) {
    await remove()
    if (error instanceof TooLarge) return null
    throw error
  }
}

class TooLarge extends Error {
  override name = 'TooLarge'
}
