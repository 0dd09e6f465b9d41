import type { Crypto } from '../../src/domain/stamp.ts'
import { verifyFile } from '../../src/domain/verify-file.ts'

/** What became of a file of which bytes were altered one at a time. */
export type Flips = { tried: number; missed: number[] }

/**
 * Alters every `every`-th byte of a file, each to another value, and verifies what comes of it. `missed` are the places
 * at which an altered file still passed; a file of which none is missed is protected as a whole.
 */
export async function flipBytes(file: Uint8Array, crypto: Crypto, every: number): Promise<Flips> {
  const missed: number[] = []
  let tried = 0
  for (let at = 0; at < file.length; at += every) {
    const flipped = Uint8Array.from(file)
    // another bit each time, so that case, digits and the high bit are all met
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
    tried++
    if ((await verifyFile(flipped, crypto, null)).outcome !== 'not_valid') missed.push(at)
  }
  return { tried, missed }
}
