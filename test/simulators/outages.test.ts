import { describe, expect, test } from 'vitest'
import { type Outageable, planOutages, scheduleOutages } from '../../simulators/outages.ts'

const OPTIONS = { seed: 7, durationMs: 600_000, upMs: { min: 5000, max: 60_000 }, downMs: { min: 500, max: 10_000 } }

describe('a plan of outages', () => {
  const plan = planOutages(['broker', 'service'], OPTIONS)

  test('follows from its seed, and for each process from its name alone', () => {
    expect(planOutages(['broker', 'service'], OPTIONS)).toEqual(plan)
    expect(planOutages(['service'], OPTIONS)).toEqual(plan.filter(({ name }) => name === 'service'))
    expect(planOutages(['broker', 'service'], { ...OPTIONS, seed: 8 })).not.toEqual(plan)
  })

  test('kills every process again and again within its time, never one that is down', () => {
    for (const name of ['broker', 'service']) {
      const own = plan.filter((outage) => outage.name === name)
      expect(own.length).toBeGreaterThan(600_000 / 70_000 - 1)
      for (const [index, { atMs, downMs }] of own.entries()) {
        const before = own[index - 1]
        const upMs = atMs - (before === undefined ? 0 : before.atMs + before.downMs)
        expect(upMs >= 5000 && upMs <= 60_000 && downMs >= 500 && downMs <= 10_000 && atMs < 600_000).toBe(true)
      }
    }
    expect(plan).toEqual(plan.toSorted((a, b) => a.atMs - b.atMs))
  })
})

describe('scheduled outages', () => {
  const quick = { seed: 7, durationMs: 200, upMs: { min: 10, max: 30 }, downMs: { min: 5, max: 20 } }

  test('kill and start in turn as planned, and leave every process running', async () => {
    const deeds: string[] = []
    const outages = scheduleOutages([recorded('a', deeds), recorded('b', deeds)], quick)
    await outages.done
    expect(outages.happened()).toBe(outages.plan.length)
    for (const name of ['a', 'b']) {
      const count = outages.plan.filter((outage) => outage.name === name).length
      expect(count).toBeGreaterThan(2)
      expect(deeds.filter((deed) => deed.endsWith(name))).toEqual(
        Array(count)
          .fill([`kill ${name}`, `start ${name}`])
          .flat(),
      )
    }
  })

  test('stopped while a process is down start it and kill no more', async () => {
    const deeds: string[] = []
    const isDown = Promise.withResolvers<void>()
    const process = { ...recorded('a', deeds), kill: async () => isDown.resolve(void deeds.push('kill a')) }
    const outages = scheduleOutages([process], { ...quick, durationMs: 60_000, downMs: { min: 60_000, max: 60_000 } })
    await isDown.promise
    await outages.stop()
    expect(deeds).toEqual(['kill a', 'start a'])
    expect(outages.happened()).toBe(1)
  })

  test('fail where a process does not come back', async () => {
    const start = () => Promise.reject(new Error('port taken'))
    const outages = scheduleOutages([{ ...recorded('a', []), start }], quick)
    await expect(outages.done).rejects.toThrow('port taken')
  })

  test('want a name of its own for every process', () => {
    expect(() => scheduleOutages([recorded('a', []), recorded('a', [])], quick)).toThrow('one name')
  })
})

function recorded(name: string, deeds: string[]): Outageable {
  return {
    name,
    kill: async () => void deeds.push(`kill ${name}`),
    start: async () => void deeds.push(`start ${name}`),
  }
}
