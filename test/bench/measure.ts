import { BENCHMARKS } from './benchmarks.ts'

/**
 * A process of its own for some benchmarks: `measure.ts NAME[,NAME] quick|whole`, forked by `run.ts`, which it sends
 * the figures of each.
 */
const [names = '', size] = process.argv.slice(2)
for (const { name, run } of BENCHMARKS.filter((known) => names.split(',').includes(known.name))) {
  process.stderr.write(`measuring ${name} …\n`)
  process.send?.(await run({ quick: size === 'quick' }))
}
process.disconnect?.()
