import { describe, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { Away, heldRecord, numbers, openBatcher } from './open-batcher.ts'

describe('two writers', () => {
  const limits = { maxBatchMessages: 2, maxWriters: 2 }

  test('another batch is stored at once as soon as a whole batch waits, and not before', async () => {
    const { record, next } = heldRecord()
    const { offer, batches } = openBatcher({ record, limits })
    offer(1)
    const first = await next()
    offer(2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(batches).toEqual([[1]])
    offer(3)
    const second = await next()
    for (const seq of numbers(4, 9)) offer(seq)
    await new Promise((resolve) => setImmediate(resolve))
    expect(batches).toEqual([[1], [2, 3]])
    second.commit()
    expect(batches).toEqual([[1], [2, 3]])
    await next()
    expect(batches).toEqual([[1], [2, 3], [4, 5]])
    first.commit()
  })

  test('a batch committed before an earlier one is acked after it, in order of arrival', async () => {
    const { record, next } = heldRecord()
    const { offer, acks, batcher } = openBatcher({ record, limits })
    offer(1)
    const first = await next()
    for (const seq of [2, 3]) offer(seq)
    const second = await next()
    second.commit()
    await new Promise((resolve) => setImmediate(resolve))
    expect(acks).toEqual([])
    expect(batcher.held()).toBe(3)
    first.commit()
    await until(() => acks.length > 0, { what: 'the acks' })
    expect(acks).toEqual([[1, 2, 3]])
    expect(batcher.held()).toBe(0)
  })

  test('while one batch is tried again and again, the other goes on, and nothing is acked out of order', async () => {
    const { record, next } = heldRecord()
    const { offer, acks, batches } = openBatcher({ record, limits })
    offer(1)
    const first = await next()
    for (const seq of [2, 3]) offer(seq)
    const second = await next()
    first.fail(new Away())
    const again = await next()
    second.commit()
    await new Promise((resolve) => setImmediate(resolve))
    expect(acks).toEqual([])
    again.commit()
    await until(() => acks.length > 0, { what: 'the acks' })
    expect(batches).toEqual([[1], [2, 3], [1]])
    expect(acks).toEqual([[1, 2, 3]])
  })

  test('draining waits for both', async () => {
    const { record, next } = heldRecord()
    const { offer, acks, batcher } = openBatcher({ record, limits })
    offer(1)
    const first = await next()
    for (const seq of [2, 3, 4]) offer(seq)
    const second = await next()
    const drained = batcher.drain(5000)
    second.commit()
    first.commit()
    await drainedRest(next, drained)
    expect(acks.flat()).toEqual([1, 2, 3, 4])
  })
})

/** Commits what is still recorded until the batcher is empty. */
async function drainedRest(next: () => Promise<{ commit: () => void }>, drained: Promise<unknown>): Promise<void> {
  let isOver = false
  void drained.then(() => {
    isOver = true
  })
  for (let round = 0; round < 5 && !isOver; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    const open = await Promise.race([next(), drained.then(() => null)])
    open?.commit()
  }
  expect(await drained).toBe('empty')
}
