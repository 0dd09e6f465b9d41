import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GAP } from '../../src/domain/excursion.ts'
import { judgeWhole } from '../../src/domain/judge.ts'
import { placedRows } from '../../src/domain/placed-rows.ts'
import { timeline } from '../../src/domain/timeline.ts'
import { randomCase } from './random-case.ts'

test('a time line holds and leaves gaps exactly as the judging fold does', () =>
  fc.assert(
    fc.property(randomCase, ({ profile, span, placements }) => {
      const judged = judgeWhole(profile, span, placements).perPlacement.flatMap((judgement) => judgement ?? [])
      const lines = placedRows(profile, span, placements).map(({ rules, rows }) => [
        ...timeline(rules, rows, span.toAt),
      ])
      expect(lines).toHaveLength(judged.length)
      for (const [index, line] of lines.entries()) {
        const { intervals, coveredMs, leadInMs, fromAt, toAt } = judged[index] ?? never()
        const lengthOf = (kind: string) =>
          line.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.toAt - one.fromAt, 0)
        expect(lengthOf('value')).toBe(coveredMs)
        expect(lengthOf('lead_in')).toBe(leadInMs)
        expect(line.filter(({ kind }) => kind === 'gap').map((gap) => [gap.fromAt, gap.toAt])).toEqual(
          intervals.filter(({ kind }) => kind === GAP).map((gap) => [gap.fromAt, gap.toAt]),
        )
        // the stretches touch, from one end of the placement to the other
        const edges = [fromAt, ...line.map((one) => one.toAt)]
        expect(line.map((one) => one.fromAt)).toEqual(edges.slice(0, -1))
        expect(edges.at(-1)).toBe(toAt)
      }
    }),
    { numRuns: 2000 },
  ))

function never(): never {
  throw new Error('a judgement is missing')
}
