import fc from 'fast-check'
import { expect, test } from 'vitest'
import { certain, gather, gathering, mapped, normal, spreadOf } from '../../src/domain/likely.ts'

test('a normal distribution has its mean and standard deviation', () => {
  const values = normal(5, 2)
  const total = values.reduce((sum, { weight }) => sum + weight, 0)
  const mean = values.reduce((sum, { value, weight }) => sum + (value * weight) / total, 0)
  const variance = values.reduce((sum, { value, weight }) => sum + (weight / total) * (value - mean) ** 2, 0)
  expect(mean).toBeCloseTo(5, 9)
  expect(Math.sqrt(variance)).toBeCloseTo(2, 1)
})

test('what is certain has no spread beyond a step', () => {
  const gathered = gathering(10)
  for (const { value, weight } of mapped(certain(2), (two) => two * 21)) gather(gathered, value, weight)
  expect(spreadOf(gathered)).toEqual({ low: 40, best: 40, high: 50 })
})

test('nothing left is nothing left', () => {
  const gathered = gathering(10)
  gather(gathered, 0, 1)
  expect(spreadOf(gathered)).toEqual({ low: 0, best: 0, high: 0 })
})

test('5 % lie below low, half below best, 5 % above high, whatever the weights add up to', () => {
  const gathered = gathering(1)
  for (let amount = 1; amount <= 1000; amount++) gather(gathered, amount, 0.25)
  expect(spreadOf(gathered)).toEqual({ low: 49, best: 499, high: 950 })
})

test('low, best and high are in order, and the order of gathering changes nothing', () => {
  const drawn = fc.array(fc.tuple(fc.nat({ max: 1e9 }), fc.integer({ min: 1, max: 100 })), { minLength: 1 })
  fc.assert(
    fc.property(drawn, (amounts) => {
      const [forwards, backwards] = [gathering(7), gathering(7)]
      for (const [amount, weight] of amounts) gather(forwards, amount, weight)
      for (const [amount, weight] of amounts.toReversed()) gather(backwards, amount, weight)
      const { low, best, high } = spreadOf(forwards)
      expect(low <= best && best <= high).toBe(true)
      expect(spreadOf(backwards)).toEqual({ low, best, high })
    }),
  )
})
