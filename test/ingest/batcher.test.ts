import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ReceivedMessage } from '../../src/domain/message.ts'
import type { AckSink } from '../../src/ingest/batcher.ts'
import { received, seqsOf } from '../support/received.ts'
import { until } from '../support/until.ts'

import { Away, heldRecord, numbers, openBatcher, Refused } from './open-batcher.ts'

describe('self-clocked', () => {
  test('a lone message is stored at once, and what gathers meanwhile makes the next batch', async () => {
    const { record, next } = heldRecord()
    const { offer, batches, acks } = openBatcher({ record })
    offer(1)
    const first = await next()
    for (const seq of numbers(2, 9)) offer(seq)
    expect(batches).toEqual([[1]])
    first.commit()
    const second = await next()
    expect(acks).toEqual([[1]])
    second.commit()
    await until(() => acks.length === 2, { what: 'the second ack' })
    expect(batches).toEqual([[1], numbers(2, 9)])
    expect(acks).toEqual([[1], numbers(2, 9)])
  })

  test('nothing is acked before its record resolves', async () => {
    const { record, next } = heldRecord()
    const { offer, acks } = openBatcher({ record })
    offer(1)
    const open = await next()
    expect(acks).toEqual([])
    open.commit()
    await until(() => acks.length === 1, { what: 'the ack' })
  })

  test('messages of one turn of the event loop make one batch', async () => {
    const { offer, batcher, batches } = openBatcher({})
    for (const seq of numbers(1, 50)) offer(seq)
    await batcher.drain(1000)
    expect(batches).toEqual([numbers(1, 50)])
  })

  test('a batch ends at the message limit, and before the message that passes the readings limit', async () => {
    const { batcher, sink, batches } = openBatcher({ limits: { maxBatchMessages: 3, maxBatchReadings: 10 } })
    for (const [seq, count] of [1, 1, 1, 1, 6, 4, 1, 40, 1].entries()) batcher.offer(received(seq, count), sink, seq)
    await batcher.drain(1000)
    expect(batches).toEqual([[0, 1, 2], [3, 4], [5, 6], [7], [8]])
  })
})

test('acks of several connections come in arrival order, one call per run', async () => {
  const calls: string[] = []
  const sink = (name: string): AckSink => ({ stored: (tags) => void calls.push(`${name} ${tags.join(',')}`) })
  const [a, b] = [sink('a'), sink('b')]
  const { batcher, offer } = openBatcher({})
  offer(1, a)
  offer(2, a)
  offer(3, b)
  offer(4, a)
  await batcher.drain(1000)
  expect(calls).toEqual(['a 1,2', 'b 3', 'a 4'])
})

describe('bounded', () => {
  test('at the high-water mark offers are refused until a batch is stored, and room is announced', async () => {
    const { record, next } = heldRecord()
    const { batcher, offer } = openBatcher({ record, limits: { highWaterMessages: 3 } })
    let announced = 0
    batcher.onRoom(() => announced++)
    expect([1, 2, 3, 4].map((seq) => offer(seq))).toEqual([true, true, true, false])
    const open = await next()
    expect(offer(5)).toBe(false)
    expect([batcher.held(), batcher.hasRoom(), announced]).toEqual([3, false, 0])
    open.commit()
    await until(() => announced === 1, { what: 'room' })
    expect(offer(6)).toBe(true)
  })

  test('large messages fill it by their bytes', async () => {
    const { batcher, offer } = openBatcher({ record: heldRecord().record, limits: { highWaterBytes: 200 } })
    expect([1, 2, 3, 4, 5].map((seq) => offer(seq)).indexOf(false)).toBeGreaterThan(1)
    expect(batcher.hasRoom()).toBe(false)
  })
})

describe('failures', () => {
  test('a database outage keeps batch and order, acks nothing, is said once, and ends by itself', async () => {
    let tries = 0
    const record = async () => {
      tries += 1
      if (tries < 8) throw new Away('connection refused')
    }
    const { batcher, offer, acks, batches, said, metrics } = openBatcher({ record })
    for (const seq of numbers(1, 5)) offer(seq)
    expect(await batcher.drain(5000)).toBe('empty')
    expect(batches).toEqual(Array(8).fill(numbers(1, 5)))
    expect(acks).toEqual([numbers(1, 5)])
    expect(said.filter((line) => line.startsWith('error'))).toEqual([expect.stringContaining('connection refused')])
    expect(said.at(-1)).toMatch(/^info: Storing readings works again after \d+ seconds? and 7 tries$/)
    expect((await metrics.recordRetries.get()).values[0]?.value).toBe(7)
  })

  test('one refused message among many is set aside and acked, the others are stored in order', async () => {
    const stored: (number | null)[] = []
    const setAside: string[] = []
    const { batcher, offer, acks, said } = openBatcher({
      record: async (batch) => {
        if (seqsOf(batch).includes(13)) throw new Refused('numeric field overflow')
        stored.push(...seqsOf(batch))
      },
      setAside: async (message, problem) => {
        setAside.push(`${message.parsed.seq} ${problem.reason} ${problem.detail}`)
      },
    })
    for (const seq of numbers(1, 20)) offer(seq)
    await batcher.drain(1000)
    expect(stored).toEqual(numbers(1, 20).filter((seq) => seq !== 13))
    expect(setAside).toEqual(['13 NOT_STORABLE the database refused these data: numeric field overflow'])
    expect(acks.flat()).toEqual(numbers(1, 20))
    expect(said.filter((line) => line.startsWith('error'))).toHaveLength(1)
  })

  test('an outage in the middle of halving, and while setting aside, loses and repeats no ack', async () => {
    let calls = 0
    const flaky = (work: () => void) => async () => {
      calls += 1
      if (calls % 2 === 0) throw new Away('away')
      work()
    }
    const { batcher, offer, acks } = openBatcher({
      record: (batch) =>
        flaky(() => {
          if (seqsOf(batch).some((seq) => seq === 2 || seq === 7)) throw new Refused('bad')
        })(),
      setAside: flaky(() => undefined),
    })
    for (const seq of numbers(1, 8)) offer(seq)
    expect(await batcher.drain(5000)).toBe('empty')
    expect(acks.flat()).toEqual(numbers(1, 8))
  })

  test('an error nobody foresaw is never acked, said at every try, and tried again', async () => {
    const fault = { repaired: false }
    const record = async () => {
      if (!fault.repaired) throw new TypeError('undefined is not a function')
    }
    const { batcher, offer, acks, said } = openBatcher({ record })
    const errors = () => said.filter((line) => line.startsWith('error')).length
    offer(1)
    await until(() => errors() >= 3, { what: 'the third try' })
    expect(acks).toEqual([])
    fault.repaired = true
    expect(await batcher.drain(5000)).toBe('empty')
    expect(acks).toEqual([[1]])
  })

  test('a fault that comes with many messages at once: they are stored in smaller batches', async () => {
    const stored: (number | null)[] = []
    const { batcher, offer, acks, said } = openBatcher({
      record: async (batch) => {
        if (batch.length > 3) throw new RangeError('more than a statement takes')
        stored.push(...seqsOf(batch))
      },
    })
    for (const seq of numbers(1, 20)) offer(seq)
    expect(await batcher.drain(1000)).toBe('empty')
    expect([stored, acks.flat()]).toEqual([numbers(1, 20), numbers(1, 20)])
    expect(said.filter((line) => line.startsWith('error')).length).toBeGreaterThan(1)
  })

  test('a message that cannot even be set aside is never acked', async () => {
    const refuse = async () => {
      throw new Refused('refused')
    }
    const { batcher, offer, acks } = openBatcher({ record: refuse, setAside: refuse })
    offer(1)
    expect(await batcher.drain(50)).toBe('deadline')
    expect([acks, batcher.held()]).toEqual([[], 1])
  })
})

describe('draining', () => {
  test('takes nothing more, stores and acks what it has', async () => {
    const { record, next } = heldRecord()
    const { batcher, offer, acks } = openBatcher({ record })
    offer(1)
    const open = await next()
    offer(2)
    const drained = batcher.drain(5000)
    expect(offer(3)).toBe(false)
    open.commit()
    const last = await next()
    last.commit()
    expect(await drained).toBe('empty')
    expect(acks).toEqual([[1], [2]])
  })

  test('ends at the deadline while the database is away, with everything unacked', async () => {
    const record = async () => {
      throw new Away('away')
    }
    const { batcher, offer, acks, said } = openBatcher({
      record,
      limits: { retryDelayMs: 60_000, retryDelayMaxMs: 60_000 },
    })
    offer(1)
    expect(await batcher.drain(20)).toBe('deadline')
    expect([acks, batcher.held()]).toEqual([[], 1])
    expect(said.at(-1)).toContain('1 messages were not stored in time')
  })

  test('an idle batcher is drained at once', async () => {
    expect(await openBatcher({}).batcher.drain(1000)).toBe('empty')
  })
})

test('whatever fails in whatever order, every message is acked exactly once, in order, after it was kept', async () => {
  const script = fc.array(fc.constantFrom('commit', 'away', 'bug'), { maxLength: 30 })
  const poison = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 6 })
  const run = async (steps: string[], refused: number[], maxBatchMessages: number) => {
    const kept = new Set<number | null>()
    const step = () => {
      const next = steps.shift()
      if (next === 'away') throw new Away('away')
      if (next === 'bug') throw new TypeError('bug')
    }
    const keep = async (batch: readonly ReceivedMessage[], mayRefuse: boolean) => {
      step()
      const seqs = seqsOf(batch)
      if (mayRefuse && seqs.some((seq) => refused.includes(seq ?? 0))) throw new Refused('refused')
      for (const seq of seqs) kept.add(seq)
    }
    const { batcher } = openBatcher({
      record: (batch) => keep(batch, true),
      setAside: (message) => keep([message], false),
      limits: { maxBatchMessages, retryDelayMs: 0, retryDelayMaxMs: 0 },
    })
    const acked: number[] = []
    const sink: AckSink = {
      stored: (tags) => {
        for (const tag of tags) expect(kept.has(tag)).toBe(true)
        acked.push(...tags)
      },
    }
    for (const seq of numbers(1, 40)) batcher.offer(received(seq), sink, seq)
    expect(await batcher.drain(10_000)).toBe('empty')
    expect(acked).toEqual(numbers(1, 40))
  }
  await fc.assert(fc.asyncProperty(script, poison, fc.integer({ min: 1, max: 40 }), run), { numRuns: 60 })
})
