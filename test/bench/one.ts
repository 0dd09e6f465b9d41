import { BENCHMARKS } from './benchmarks.ts'

/** A process of its own for one benchmark: `one.ts NAME [quick]`, forked by `run.ts`, which it sends the figures. */
const [name, size] = process.argv.slice(2)
const benchmark = BENCHMARKS.find((known) => known.name === name)
if (benchmark === undefined) throw new Error(`there is no benchmark "${name}"`)
process.send?.(await benchmark.run({ quick: size === 'quick' }))
process.disconnect?.()
