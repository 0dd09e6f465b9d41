import { expect } from 'vitest'
import type { ExcursionEvent, Gap, LevelResult } from '../../src/domain/combine.ts'
import {
  judgeWhole,
  PLACEMENT_ROLES,
  PLAIN_SENSOR,
  type WholeJudgement,
  type WholePlacement,
} from '../../src/domain/judge.ts'
import type { Level, Profile } from '../../src/domain/profile.ts'
import { exactC, toMilliC } from '../../src/domain/units.ts'
import { FRIDGE, MINUTE } from '../support/limits.ts'

const DAY_START = Date.UTC(2026, 2, 2)

/**
 * Judges a table and compares with its `name: value` lines; returns the judgement for what a table does not say.
 *
 *   every 15 gap 30 sensors 1            minutes; these are the defaults
 *   level H1 > 8 single 30 major         minutes allowed; `<` is a low level
 *   window 10:00 12:00 open              default: the readings' span and one interval, closed
 *   sensor product 10:00-11:00 guard=0.5 +0.3 -40..60     what follows is measured by it; default: one over the window
 *   10:15 9.1                            `fault` is the sensor's own word
 *
 * Answers: `status`, `complete`, `gaps`, `covered` (minutes), `until`, `counts`, and per level `H1` (events),
 * `H1 alarm`, `H1 time` (confirmed + presumed minutes), `H1 out` (first and last out reading, worst value).
 */
export function check(table: string): WholeJudgement {
  const lines = table.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
  const isGiven = (line: string) => /^(every|level|window|sensor|\d)/.test(line)
  const given = lines.filter(isGiven)
  const said = lines.filter((line) => !isGiven(line)).map((line) => line.split(/: ?/))
  const expected = Object.fromEntries(said.map(([name = '', ...value]) => [name, value.join(':')]))
  const judgement = judgeWhole(profileOf(given), spanOf(given), placementsOf(given))
  const answers = answersOf(judgement)
  expect(Object.fromEntries(Object.keys(expected).map((name) => [name, answers.get(name)]))).toEqual(expected)
  return judgement
}

/** `10:15`, `10:15:00.001` or `26:00` in epoch milliseconds. */
export function clock(text: string): number {
  const [hours = '', minutes = '', seconds = '0'] = text.split(':')
  return DAY_START + (Number(hours) * 60 + Number(minutes)) * MINUTE + Math.round(Number(seconds) * 1000)
}

function profileOf(lines: readonly string[]): Profile {
  const [every = '15', gap = '30', sensors = '1'] =
    lines.flatMap((line) => /^every (\S+) gap (\S+)(?: sensors (\d))?$/.exec(line)?.slice(1) ?? []) ?? []
  const levels = lines.flatMap((line) => (line.startsWith('level ') ? [levelOf(line)] : []))
  return {
    ...FRIDGE,
    nominalIntervalMs: Number(every) * MINUTE,
    maxGapMs: Number(gap) * MINUTE,
    requiredSensors: Number(sensors ?? 1),
    levels: levels.length === 0 ? FRIDGE.levels : levels,
    guardBand: 'uncertainty',
  }
}

function levelOf(line: string): Level {
  const [, id = '', sign, limit = '', mode, allowed, severity] = line.split(' ')
  return {
    id,
    side: sign === '>' ? 'high' : 'low',
    limitMilliC: milliC(limit),
    mode: mode === 'cumulative' ? 'cumulative' : 'single',
    allowedMs: Number(allowed) * MINUTE,
    severity: severity === 'critical' || severity === 'warning' ? severity : 'major',
  }
}

function spanOf(lines: readonly string[]) {
  const [, from, to, open] = lines.find((line) => line.startsWith('window '))?.split(' ') ?? []
  const times = lines.filter(isReading).map((line) => clock(line.split(/\s+/)[0] ?? ''))
  const { nominalIntervalMs } = profileOf(lines)
  return {
    fromAt: from === undefined ? Math.min(...times) : clock(from),
    toAt: to === undefined ? Math.max(...times) + nominalIntervalMs : clock(to),
    closed: open !== 'open',
  }
}

function isReading(line: string): boolean {
  return /^\d/.test(line)
}

function placementsOf(lines: readonly string[]): WholePlacement[] {
  const { fromAt } = spanOf(lines)
  const whole = { role: 'product', fromAt, toAt: Number.POSITIVE_INFINITY, sensor: PLAIN_SENSOR } as const
  const placements: (WholePlacement & { rows: { at: number; milliC: number | null }[] })[] = []
  for (const line of lines) {
    if (line.startsWith('sensor ')) placements.push(placementOf(line))
    if (!isReading(line)) continue
    const [time = '', value = ''] = line.split(/\s+/)
    if (placements.length === 0) placements.push({ ...whole, rows: [] })
    placements.at(-1)?.rows.push({ at: clock(time), milliC: value === 'fault' ? null : milliC(value) })
  }
  return placements
}

function placementOf(line: string) {
  const [, roleText, times = '', ...words] = line.split(' ')
  const role = PLACEMENT_ROLES.find((known) => known === roleText)
  if (role === undefined) throw new Error(`no such role: ${roleText}`)
  const [from = '', to = ''] = times.split('-')
  const shift = milliC(words.find((word) => word.startsWith('+')) ?? '0')
  const guard = words.find((word) => word.startsWith('guard='))?.slice('guard='.length) ?? '0'
  const [low, high] = words.find((word) => word.includes('..'))?.split('..') ?? []
  const range = low === undefined || high === undefined ? null : { low: milliC(low), high: milliC(high) }
  const sensor = { correct: (_at: number, raw: number) => raw + shift, range, guardBandMilliC: milliC(guard) }
  return { role, fromAt: clock(from), toAt: to === '' ? Number.POSITIVE_INFINITY : clock(to), sensor, rows: [] }
}

function milliC(text: string): number {
  const parsed = toMilliC(text, 'CEL')
  if (parsed === null) throw new Error(`no temperature: ${text}`)
  return parsed.milliC
}

function answersOf(judgement: WholeJudgement): Map<string, string> {
  const { valid, faults, duplicates, conflicts, outOfWindow } = judgement
  return new Map([
    ['status', [judgement.status, judgement.severity ?? ''].join(' ').trim()],
    ['complete', judgement.complete ? 'yes' : 'no'],
    ['gaps', judgement.gaps.map(stretch).join(', ')],
    ['covered', minutes(judgement.coveredMs)],
    ['until', judgement.dataUntilAt === null ? 'never' : time(judgement.dataUntilAt)],
    [
      'counts',
      `${valid} valid, ${faults} faults, ${duplicates} duplicates, ${conflicts} conflicts, ${outOfWindow} outside`,
    ],
    ...judgement.levels.flatMap(levelAnswers),
  ])
}

function levelAnswers({ id, events, alarm, totalConfirmedMs, totalPresumedMs }: LevelResult): [string, string][] {
  return [
    [id, events.map(({ startAt, endAt, open }) => stretch({ fromAt: startAt, toAt: endAt, open })).join(', ')],
    [`${id} alarm`, alarm.state === 'none' ? 'none' : `${alarm.state} ${time(alarm.at)}`],
    [`${id} time`, `${minutes(totalConfirmedMs)} + ${minutes(totalPresumedMs)}`],
    [`${id} out`, events.map(outReadings).join(', ')],
  ]
}

function outReadings({ firstOutAt, lastOutAt, extremeMilliC }: ExcursionEvent): string {
  if (firstOutAt === null || lastOutAt === null || extremeMilliC === null) return 'none'
  return `${time(firstOutAt)} to ${time(lastOutAt)} worst ${exactC(extremeMilliC)}`
}

function stretch({ fromAt, toAt, open }: Gap): string {
  return `${time(fromAt)}-${time(toAt)}${open ? ' open' : ''}`
}

function minutes(ms: number): string {
  return String(ms / MINUTE)
}

function time(at: number): string {
  const text = new Date(at).toISOString().slice(11, 23)
  return text.replace(/:00\.000$/, '').replace(/\.000$/, '')
}
