import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Harm, Scene, Trial } from './trial.ts'

/** The clock of the service's machine jumps, forth by up to three days and back by up to 45 minutes. */
export function clockJumps(): Trial {
  const folder = mkdtempSync(join(tmpdir(), 'unbroken-clock-'))
  const file = join(folder, 'offset-ms')
  writeFileSync(file, '0')
  const moved = join(import.meta.dirname, 'moved-clock.ts')
  return {
    stage: { env: { NODE_OPTIONS: `--import=${moved}`, MOVED_CLOCK: file } },
    harm: (scene) => moveTheClock(scene, file),
    close: () => rmSync(folder, { recursive: true }),
  }
}

const JUMPS = 12
const FORTH_MS = 3 * 86_400_000
const BACK_MS = 45 * 60_000

async function moveTheClock({ random }: Scene, file: string): Promise<Harm> {
  for (let jump = 0; jump < JUMPS; jump += 1) {
    await pause(500 + random() * 1500)
    const ms = jump % 2 === 0 ? random() * FORTH_MS : -random() * BACK_MS
    writeFileSync(file, String(Math.round(ms)))
  }
  await pause(1000)
  writeFileSync(file, '0')
  return { done: `clock of the service jumped ${JUMPS} times` }
}
