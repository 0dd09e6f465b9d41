import { parseArgs } from 'node:util'
import { seededRandom, seedOf } from '../../simulators/random.ts'
import { type FuzzedCodec, fuzzedCodecs } from './codecs.ts'
import { mutate } from './mutate.ts'

/**
 * `npm run fuzz [-- --seconds 60] [--only NAME[;NAME]] [--seed N]`: feeds each codec injured samples for that long. An
 * exception, something that does not add up or an input that takes seconds ends it with exit code 1 and the input in
 * base64; the same seed meets the same inputs in the same order.
 */
async function main(): Promise<number> {
  const { seconds, seed, only } = readArguments()
  const chosen = fuzzedCodecs().filter(({ name }) => only === undefined || only.split(';').includes(name))
  if (chosen.length === 0) {
    const names = fuzzedCodecs().map(({ name }) => name)
    process.stderr.write(`There is no codec "${only}": choose of ${names.join('; ')}\n`)
    return 2
  }
  for (const codec of chosen) {
    const ended = await fuzz(codec, { seconds, seed })
    process.stdout.write(`${codec.name}: ${ended.inputs} inputs in ${seconds} s, seed ${seed}\n`)
    if (ended.failure !== null) {
      process.stdout.write(`${ended.failure}\n`)
      return 1
    }
  }
  return 0
}

/** Beyond that an input of a few kilobytes is an attack. */
const SLOW_MS = 2000
const MOST_BYTES = 16 * 1024

async function fuzz(codec: FuzzedCodec, { seconds, seed }: { seconds: number; seed: number }) {
  const random = seededRandom(seedOf(seed, codec.name))
  const endMs = performance.now() + seconds * 1000
  let inputs = 0
  for (let nowMs = performance.now(); nowMs < endMs; inputs++) {
    const bytes = mutate(codec.samples, random, MOST_BYTES)
    const input = `input ${Buffer.from(bytes).toString('base64')}`
    try {
      await codec.run(bytes, random)
    } catch (error) {
      return { inputs, failure: `${error instanceof Error ? error.stack : error}\n${input}` }
    }
    const tookMs = performance.now() - nowMs
    if (tookMs > SLOW_MS) return { inputs, failure: `took ${Math.round(tookMs)} ms\n${input}` }
    nowMs = performance.now()
  }
  return { inputs, failure: null }
}

function readArguments() {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' }, only: { type: 'string' } },
  })
  const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
  return { seconds: Number(values.seconds), seed, only: values.only }
}

process.exitCode = await main()
