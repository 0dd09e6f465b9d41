import { parseArgs } from 'node:util'
import { table } from '../../simulators/table.ts'
import { findMosquitto, NO_BROKER } from '../support/tools.ts'
import { play, type Result } from './trial.ts'
import { TRIALS } from './trials.ts'

/**
 * `npm run test:faults -- --only kills,disk --seed N`: real processes, one kind of harm after the other, each on a
 * stage of its own. After each, every reading that was acknowledged is stored exactly once and every answer equals the
 * truth. Exit code 1 on any failure.
 */
async function main(): Promise<number> {
  if (findMosquitto() === null) throw new Error(NO_BROKER)
  const { names, seed } = readArguments()
  say(`faults, seed ${seed}: ${names.join(', ')}`)
  const results: Result[] = []
  for (const name of names) {
    say(name)
    const trial = TRIALS[name]?.()
    if (trial === undefined) throw new Error(`no trial ${name}`)
    const result = await play(name, trial, { seed, say })
    for (const problem of result.problems.slice(0, 20)) say(`  ${problem}`)
    results.push(result)
  }
  say(`\n${summary(results)}`)
  const failed = results.filter(({ problems }) => problems.length > 0).map(({ name }) => name)
  if (failed.length === 0) {
    say('nothing lost, nothing twice, no verdict wrong')
    return 0
  }
  say(`failed; to play it again: npm run test:faults -- --only ${failed.join(',')} --seed ${seed}`)
  return 1
}

const HEADINGS = [
  'trial',
  'what happened',
  'messages',
  'readings',
  'gaps',
  'resent',
  'MB',
  'lost',
  'twice',
  'wrong',
  '',
]

function summary(results: readonly Result[]): string {
  const rows = results.map(({ name, done, counts, found, problems }) => [
    name,
    done,
    String(counts.messages),
    String(counts.readings),
    String(found.gaps),
    String(counts.resent),
    String(found.peakMb),
    String(found.lost),
    String(found.twice + found.foreign),
    `${found.wrong} of ${found.answers}`,
    problems.length === 0 ? 'ok' : 'FAILED',
  ])
  return table(HEADINGS, rows, 50)
}

function readArguments(): { names: string[]; seed: number } {
  const { values } = parseArgs({ options: { only: { type: 'string' }, seed: { type: 'string' } } })
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
  const names = values.only?.split(',') ?? Object.keys(TRIALS)
  const unknown = names.filter((name) => !(name in TRIALS))
  if (!Number.isSafeInteger(seed)) throw new Error('usage: --seed 1')
  if (unknown.length > 0) throw new Error(`no trial ${unknown.join(', ')}: there are ${Object.keys(TRIALS).join(', ')}`)
  return { names, seed }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main()
// all is done and written then; Node taking itself apart may never end (nodejs/node#47748)
process.once('beforeExit', () => process.exit())
