import type { Certificate } from '../domain/certificate-form.ts'
import { isFault } from '../domain/excursion.ts'
import type { Replayed } from '../domain/judge-again.ts'
import { type Level, type Profile, SEVERITY_ORDER } from '../domain/profile.ts'
import { displayC } from '../domain/units.ts'
import { INK, INNER, MARGIN, MUTED, PALE, type Paper, RULE, TONES, write } from './pdf-paper.ts'
import type { PlaceTime } from './place-time.ts'

/** What is drawn, and how times are read. */
export type Drawn = { readonly certificate: Certificate; readonly judged: Replayed; readonly time: PlaceTime }

/**
 * The temperature curve: every reading after calibration, the limits, events shaded, gaps hatched. Where there are more
 * readings than points on paper, each column shows its lowest and its highest: no extreme is left out.
 */
export function drawChart(paper: Paper, drawn: Drawn, height: number): void {
  const { span } = drawn.judged.assessment
  if (span === null || span.toAt <= span.fromAt) return
  const curves = curvesOf(drawn)
  const scale = scaleOf(drawn, curves, { top: paper.y, height, span })
  const { pdf } = paper
  pdf.rect(scale.left, scale.top, scale.width, scale.height).fill(PALE)
  pdf.save().rect(scale.left, scale.top, scale.width, scale.height).clip()
  drawLabelRange(paper, scale, drawn.certificate.profile.limits)
  for (const at of marks(scale, drawn.time)) {
    pdf.moveTo(scale.x(at), scale.top).lineTo(scale.x(at), scale.top + scale.height)
  }
  pdf.lineWidth(0.3).strokeColor(RULE).stroke()
  drawEvents(paper, scale, drawn)
  drawGaps(paper, scale, drawn)
  drawLimits(paper, scale, drawn)
  for (const [index, curve] of curves.entries())
    drawCurve(paper, scale, { curve, color: CURVES[index % CURVES.length] ?? INK })
  pdf.restore()
  drawAxes(paper, scale, drawn.time)
  drawLimitNames(paper, scale, drawn)
  paper.y = scale.top + scale.height + 26
}

type Point = { readonly at: number; readonly milliC: number }
type Curve = { readonly points: readonly Point[]; readonly maxGapMs: number }
type Scale = {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly fromAt: number
  readonly toAt: number
  readonly low: number
  readonly high: number
  readonly x: (at: number) => number
  readonly y: (milliC: number) => number
}

const CURVES = [INK, '#1f5fa8', '#0d7c86', '#7a3e9d']
const AXIS = 34
const NAMES = 62

function curvesOf({ certificate, judged }: Drawn): Curve[] {
  return judged.assessment.sensors.map(({ placement: { rules } }, index) => {
    const { live = [], memory = [] } = certificate.placements[index] ?? {}
    const points = [...live, ...memory].flatMap(([at, milliC]) => {
      const isDrawn = milliC !== null && rules.fromAt <= at && at < rules.toAt && !isFault(milliC, rules)
      return isDrawn ? [{ at, milliC: rules.correct(at, milliC) }] : []
    })
    return { points: points.sort((a, b) => a.at - b.at || a.milliC - b.milliC), maxGapMs: rules.maxGapMs }
  })
}

type Box = { readonly top: number; readonly height: number; readonly span: { fromAt: number; toAt: number } }

function scaleOf({ certificate, judged }: Drawn, curves: readonly Curve[], { top, height, span }: Box): Scale {
  const { limits } = certificate.profile
  const values = curves.flatMap(({ points }) => [
    Math.min(...points.map(({ milliC }) => milliC)),
    Math.max(...points.map(({ milliC }) => milliC)),
  ])
  const met = limits.levels.filter((_, level) => (judged.assessment.combined?.levels[level]?.events.length ?? 0) > 0)
  const labels = [limits.labelLowMilliC, limits.labelHighMilliC].filter((limit) => limit !== null)
  const inner = innermost(limits.levels)
  const shown = [...values, ...labels, ...inner, ...met.map(({ limitMilliC }) => limitMilliC)].filter(Number.isFinite)
  const [lowest, highest] = [Math.min(...shown), Math.max(...shown)]
  const room = Math.max(500, (highest - lowest) * 0.08)
  const [low, high] = [lowest - room, highest + room]
  const [left, width] = [MARGIN + AXIS, INNER - AXIS - NAMES]
  const x = (at: number) => left + ((at - span.fromAt) / (span.toAt - span.fromAt)) * width
  const y = (milliC: number) => top + height - ((milliC - low) / (high - low)) * height
  return { left, top, width, height, fromAt: span.fromAt, toAt: span.toAt, low, high, x, y }
}

/** The first limit on either side: how far the curve was from it is what one looks for. */
function innermost(levels: readonly Level[]): number[] {
  const of = (side: Level['side']) =>
    levels.filter((level) => level.side === side).map(({ limitMilliC }) => limitMilliC)
  return [Math.min(...of('high')), Math.max(...of('low'))].filter(Number.isFinite)
}

function drawLabelRange({ pdf }: Paper, scale: Scale, { labelLowMilliC, labelHighMilliC }: Profile): void {
  const top = scale.y(Math.min(scale.high, labelHighMilliC ?? scale.high))
  const bottom = scale.y(Math.max(scale.low, labelLowMilliC ?? scale.low))
  pdf.rect(scale.left, top, scale.width, bottom - top).fill(TONES.good.pale)
}

function drawEvents(paper: Paper, scale: Scale, { judged }: Drawn): void {
  const { pdf } = paper
  for (const [index, { id, events }] of (judged.assessment.combined?.levels ?? []).entries()) {
    for (const [nth, { startAt, endAt, extremeMilliC }] of events.entries()) {
      const [left, right] = [scale.x(startAt), Math.max(scale.x(startAt) + 1.2, scale.x(endAt))]
      pdf
        .fillOpacity(0.22)
        .rect(left, scale.top, right - left, scale.height)
        .fill(TONES.bad.dark)
        .fillOpacity(1)
      if (nth >= MOST_NAMED) continue
      const extreme = extremeMilliC === null ? 'presumed' : `${displayC(extremeMilliC, null)} °C`
      const isRoomy = right + NAME < scale.left + scale.width
      const [x, align] = isRoomy ? [right + 3, 'left' as const] : [left - NAME - 3, 'right' as const]
      const name = { x, y: scale.top + 3 + 9 * index, text: `${id}: ${extreme}` }
      write(paper, name, { size: 7, bold: true, color: TONES.bad.dark, width: NAME, align })
    }
  }
}

/** Names beside each other that can still be read, and the room for one. */
const MOST_NAMED = 6
const NAME = 70

/** Hatched, and said: no data is not good data. */
function drawGaps(paper: Paper, scale: Scale, { judged }: Drawn): void {
  const { pdf } = paper
  for (const { fromAt, toAt } of judged.assessment.combined?.gaps ?? []) {
    const [left, width] = [scale.x(fromAt), Math.max(1.2, scale.x(toAt) - scale.x(fromAt))]
    pdf.save().rect(left, scale.top, width, scale.height).clip()
    pdf.rect(left, scale.top, width, scale.height).fill('#e3e6ea')
    for (let offset = -scale.height; offset < width; offset += 5) {
      pdf.moveTo(left + offset, scale.top + scale.height).lineTo(left + offset + scale.height, scale.top)
    }
    pdf.lineWidth(0.5).strokeColor('#9aa5b0').stroke().restore()
    if (width < 34) continue
    const middle = scale.top + scale.height / 2
    pdf.rect(left + width / 2 - 17, middle - 6, 34, 12).fill('#ffffff')
    write(
      paper,
      { x: left, y: middle - 3.5, text: 'no data' },
      { size: 7, bold: true, color: MUTED, width, align: 'center' },
    )
  }
}

function colorOf({ severity }: Level): string {
  return severity === 'warning' ? TONES.mild.dark : TONES.bad.dark
}

function drawLimits({ pdf }: Paper, scale: Scale, { certificate }: Drawn): void {
  for (const level of certificate.profile.limits.levels) {
    if (level.limitMilliC < scale.low || level.limitMilliC > scale.high) continue
    const y = scale.y(level.limitMilliC)
    const line = pdf
      .moveTo(scale.left, y)
      .lineTo(scale.left + scale.width, y)
      .lineWidth(0.5 + 0.25 * SEVERITY_ORDER[level.severity])
    line.dash(4, { space: 2.5 }).strokeColor(colorOf(level)).stroke().undash()
  }
}

/** Beside the curve, from top to bottom, moved apart where they would cover each other. */
function drawLimitNames(paper: Paper, scale: Scale, { certificate }: Drawn): void {
  const levels = certificate.profile.limits.levels.filter(
    (one) => one.limitMilliC >= scale.low && one.limitMilliC <= scale.high,
  )
  let free = scale.top - 3
  for (const level of levels.toSorted((a, b) => b.limitMilliC - a.limitMilliC)) {
    const y = Math.max(free, scale.y(level.limitMilliC) - 3.5)
    const text = `${level.id} ${level.side === 'high' ? '>' : '<'} ${displayC(level.limitMilliC, null)} °C`
    write(paper, { x: scale.left + scale.width + 5, y, text }, { size: 7, color: colorOf(level), width: NAMES - 5 })
    free = y + 8.5
  }
}

/** Broken where it is farther to the next reading than any reading holds. */
function drawCurve({ pdf }: Paper, scale: Scale, { curve, color }: { curve: Curve; color: string }): void {
  let before: Point | null = null
  for (const point of thinned(curve.points, scale)) {
    const [x, y] = [scale.x(point.at), scale.y(point.milliC)]
    const isJoined = before !== null && point.at - before.at <= curve.maxGapMs
    if (isJoined) pdf.lineTo(x, y)
    else pdf.moveTo(x, y).lineTo(x + 0.01, y)
    before = point
  }
  pdf.lineWidth(1).lineCap('round').lineJoin('round').strokeColor(color).stroke()
}

/** As many columns as can be told apart on paper. */
const COLUMNS = 800

function thinned(points: readonly Point[], { fromAt, toAt }: Scale): readonly Point[] {
  if (points.length <= 2 * COLUMNS) return points
  const columns = Map.groupBy(points, ({ at }) => Math.floor(((at - fromAt) / (toAt - fromAt)) * COLUMNS))
  return [...columns.values()].flatMap((column) => {
    const low = column.reduce((a, b) => (b.milliC < a.milliC ? b : a))
    const high = column.reduce((a, b) => (b.milliC > a.milliC ? b : a))
    return [...new Set([column[0], low, high, column.at(-1)])]
      .flatMap((point) => point ?? [])
      .sort((a, b) => a.at - b.at)
  })
}

const STEPS_C = [0.5, 1, 2, 5, 10, 20, 50, 100]
const HOUR = 3_600_000
const STEPS_MS = [
  ...[0.25, 0.5, 1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 5, 10, 30].map((days) => days * 24 * HOUR),
]

function drawAxes(paper: Paper, scale: Scale, time: PlaceTime): void {
  const { pdf } = paper
  const step = (STEPS_C.find((one) => (scale.high - scale.low) / (one * 1000) <= 7) ?? 200) * 1000
  for (let value = Math.ceil(scale.low / step) * step; value <= scale.high; value += step) {
    const y = scale.y(value)
    pdf
      .moveTo(scale.left - 3, y)
      .lineTo(scale.left, y)
      .lineWidth(0.5)
      .strokeColor(MUTED)
      .stroke()
    const text = step < 1000 ? (value / 1000).toFixed(1) : String(value / 1000)
    write(paper, { x: MARGIN, y: y - 3.5, text }, { size: 7, color: MUTED, width: AXIS - 6, align: 'right' })
  }
  write(paper, { x: MARGIN, y: scale.top - 11, text: '°C' }, { size: 7, color: MUTED, width: AXIS - 6, align: 'right' })
  for (const at of marks(scale, time)) {
    const x = scale.x(at)
    const y = scale.top + scale.height
    pdf
      .moveTo(x, y)
      .lineTo(x, y + 3)
      .lineWidth(0.5)
      .strokeColor(MUTED)
      .stroke()
    write(paper, { x: x - 35, y: y + 5, text: time.short(at) }, { size: 7, color: MUTED, width: 70, align: 'center' })
  }
  pdf.rect(scale.left, scale.top, scale.width, scale.height).lineWidth(0.6).strokeColor(MUTED).stroke()
}

/** Round times of the place, as many as can be read beside each other. */
function marks({ fromAt, toAt }: Scale, time: PlaceTime): number[] {
  const every = STEPS_MS.find((one) => (toAt - fromAt) / one <= 6) ?? 90 * 24 * HOUR
  const ahead = time.aheadMs(fromAt)
  const first = Math.ceil((fromAt + ahead) / every) * every - ahead
  return Array.from({ length: Math.floor((toAt - first) / every) + 1 }, (_, index) => first + index * every)
}
