import { expect, test } from 'vitest'
import { seededRandom, seedOf } from '../../simulators/random.ts'
import { fuzzedCodecs } from './codecs.ts'
import { mutate } from './mutate.ts'

const INPUTS = 300
const MOST_BYTES = 16 * 1024

test.each(fuzzedCodecs())('$name takes any injured bytes without a fault', async ({ name, samples, run }) => {
  const random = seededRandom(seedOf(11, name))
  for (let made = 0; made < INPUTS; made++) {
    const bytes = mutate(samples, random, MOST_BYTES)
    await expect((async () => run(bytes, random))(), Buffer.from(bytes).toString('base64')).resolves.toBeUndefined()
  }
})
