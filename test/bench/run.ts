import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BENCHMARKS } from './benchmarks.ts'
import type { Figure } from './figure.ts'

/**
 * `npm run bench [-- --only NAME[,NAME]] [--quick] [--json FILE]`: measures, shows progress, prints a table and writes
 * figures as JSON, an object per figure name. Ratios are measured side by side in one run; absolute numbers are those
 * of this machine.
 */
const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false }, json: { type: 'string' } },
})

const chosen = BENCHMARKS.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name))
if (chosen.length === 0) {
  console.error(`There is no benchmark "${values.only}": choose ${BENCHMARKS.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

const names = chosen.map(({ name }) => name)
const figures: Figure[] = []
// a process for each, for which the quick run has no time
for (const which of values.quick ? [names.join(',')] : names) figures.push(...(await measured(which)))
console.table(
  Object.fromEntries(
    figures.map(({ name, value, unit, floor, ratio, notes }) => [name, { value, unit, floor, ratio, notes }]),
  ),
)
if (values.json !== undefined) {
  const byName = Object.fromEntries(figures.map(({ name, ...figure }) => [name, figure]))
  writeFileSync(values.json, `${JSON.stringify(byName, null, 1)}\n`)
}

/** Nothing is left of the benchmark before: neither its heap, nor what it wrote and the disk has still to take. */
async function measured(which: string): Promise<Figure[]> {
  execFileSync('sync')
  const child = fork(join(import.meta.dirname, 'measure.ts'), [which, values.quick ? 'quick' : 'whole'])
  const sent: Figure[] = []
  child.on('message', (figured) => sent.push(...(figured as Figure[])))
  const [[code]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  if (code !== 0) throw new Error(`measuring ${which} failed`)
  return sent
}
