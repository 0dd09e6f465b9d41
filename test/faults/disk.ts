import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Harm, Scene, Trial } from './trial.ts'

/** The database lies on a disk of its own, so small that it can be filled in a moment; making one takes root. */
export function diskIsFull(): Trial {
  const folder = mkdtempSync(join(tmpdir(), 'unbroken-disk-'))
  mount(folder)
  // the server of root runs as `nobody`
  chmodSync(folder, 0o755)
  return {
    stage: { dataRoot: folder, settings: { min_wal_size: '32MB', max_wal_size: '64MB' } },
    harm: (scene) => fillTheDisk(scene, join(folder, 'filler')),
    close: () => {
      execFileSync('umount', [folder])
      rmdirSync(folder)
    },
  }
}

const SIZE = '400m'

function mount(folder: string): void {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    rmdirSync(folder)
    throw new Error('a disk that can be full is mounted by root only: run this trial as root', { cause: error })
  }
}

const FILLINGS = 3
const FULL_MS = 5000

async function fillTheDisk({ stage, random, say }: Scene, filler: string): Promise<Harm> {
  let ended = 0
  for (let filling = 0; filling < FILLINGS; filling += 1) {
    await pause(2000 + random() * 1500)
    fill(filler)
    await pause(FULL_MS)
    rmSync(filler)
    // without room for its journal the server may have ended, as it says it does
    if (!stage.database.running()) {
      ended += 1
      await stage.database.start()
    }
    await stage.service.ready()
  }
  say(`  the database server ended ${ended} times for want of room`)
  return { done: `disk of the database full ${FILLINGS} times` }
}

const CHUNK = Buffer.alloc(1024 * 1024)

/** Until not a byte more goes in. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (const size of [CHUNK.length, 4096, 1]) {
      while (writes(file, size));
    }
  } finally {
    closeSync(file)
  }
}

function writes(file: number, size: number): boolean {
  try {
    return writeSync(file, CHUNK, 0, size) > 0
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}
