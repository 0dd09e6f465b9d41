import type { Level } from '../domain/profile.ts'
import { coveragePercent, displayC, exactC } from '../domain/units.ts'
import type { Drawn } from './pdf-chart.ts'
import { heading, type Paper, pairs, paragraph, table } from './pdf-paper.ts'
import { words } from './pdf-words.ts'
import { type PlaceTime, spokenDuration } from './place-time.ts'

/** Statistics, limits with what they found, gaps, and the sensors with their certificates. */
export function drawTemperature(paper: Paper, drawn: Drawn): void {
  heading(paper, 'Temperature')
  pairs(paper, statistics(drawn))
  drawLevels(paper, drawn)
  drawEvents(paper, drawn)
  drawGaps(paper, drawn)
  heading(paper, 'Sensors and calibration')
  drawSensors(paper, drawn)
}

function statistics({ judged, time }: Drawn): [string, string][] {
  const { combined, span } = judged.assessment
  if (combined === null || span === null) return []
  const { lowestMilliC: lowest, highestMilliC: highest, coveredMs } = combined
  return [
    ['Lowest', lowest === null ? 'not known' : `${exactC(lowest)} °C`],
    ['Highest', highest === null ? 'not known' : `${exactC(highest)} °C`],
    ['Window', `${time.local(span.fromAt)} to ${time.local(span.toAt)} (${spokenDuration(span.toAt - span.fromAt)})`],
    ['Covered', `${spokenDuration(coveredMs)}, ${coveragePercent(coveredMs, span.toAt - span.fromAt) ?? 0} %`],
    [
      'Readings',
      `${combined.valid} instants, ${combined.faults} faults of sensors, ${combined.conflicts} contradictions kept`,
    ],
  ]
}

function limitText({ side, limitMilliC }: Level): string {
  return `${side === 'high' ? 'above' : 'below'} ${exactC(limitMilliC)} °C`
}

function drawLevels(paper: Paper, { certificate, judged, time }: Drawn): void {
  const { levels } = certificate.profile.limits
  const columns = [
    { title: 'Level', share: 1 },
    { title: 'Out', share: 2 },
    { title: 'Severity', share: 1.3 },
    { title: 'Allowed', share: 2.4 },
    { title: 'Time out', share: 2 },
    { title: 'Presumed', share: 1.6 },
    { title: 'Alarm', share: 3.4 },
  ]
  const rows = levels.map((level, index) => {
    const found = judged.assessment.combined?.levels[index]
    const allowed =
      level.allowedMs === 0
        ? 'none'
        : `${spokenDuration(level.allowedMs)}, ${level.mode === 'single' ? 'at once' : 'in all'}`
    const alarm =
      found === undefined || found.alarm.state === 'none'
        ? 'none'
        : `${found.alarm.state}, ${time.local(found.alarm.at)}`
    const [out, presumed] = [found?.totalConfirmedMs ?? 0, found?.totalPresumedMs ?? 0].map(spokenDuration)
    return [level.id, limitText(level), level.severity, allowed, out ?? '', presumed ?? '', alarm]
  })
  table(paper, columns, rows)
}

function drawEvents(paper: Paper, { certificate, judged, time }: Drawn): void {
  const { levels } = certificate.profile.limits
  const rows = levels.flatMap((level, index) =>
    (judged.assessment.combined?.levels[index]?.events ?? []).map((event) => [
      level.id,
      time.both(event.startAt),
      time.local(event.endAt),
      spokenDuration(event.confirmedMs),
      spokenDuration(event.presumedMs),
      event.extremeMilliC === null
        ? '-'
        : `${displayC(event.extremeMilliC, { milliC: level.limitMilliC, side: level.side })} °C`,
    ]),
  )
  if (rows.length === 0) {
    paragraph(paper, 'No reading was out of any limit, and no such time is presumed.')
    return
  }
  const titles: [string, number][] = [
    ['Event', 1],
    ['From', 4.2],
    ['To', 3],
    ['Out', 1.8],
    ['Presumed', 1.8],
    ['Extreme', 1.6],
  ]
  table(
    paper,
    titles.map(([title, share]) => ({ title, share })),
    rows,
  )
}

function drawGaps(paper: Paper, { judged, time }: Drawn): void {
  const gaps = judged.assessment.combined?.gaps ?? []
  if (gaps.length === 0) {
    paragraph(paper, 'There is no gap: every instant of the window has a value.')
    return
  }
  const rows = gaps.map(({ fromAt, toAt }) => [time.both(fromAt), time.both(toAt), spokenDuration(toAt - fromAt)])
  table(
    paper,
    [
      { title: 'Gap from', share: 3 },
      { title: 'to', share: 3 },
      { title: 'Without data', share: 2 },
    ],
    rows,
  )
}

function drawSensors(paper: Paper, drawn: Drawn): void {
  const { certificate, judged, time } = drawn
  const rows = certificate.placements.map((placed, index) => {
    const sensor = certificate.sensors.find(({ id }) => id === placed.sensorId)
    const problem = judged.assessment.sensors[index]?.calibration ?? null
    const certificates = placed.certificates.map((one) => {
      const due = new Date(one.dueAt).toISOString().slice(0, 10)
      return `${one.certificate}, ${one.laboratory}, due ${due}, U = ${exactC(one.uncertaintyMilliC)} K (k = 2)`
    })
    const [count, read] = [placed.live.length, placed.memory.length]
    return [
      `${sensor?.serial ?? placed.sensorId} (${sensor?.model ?? ''})`,
      `${words(placed.role)}, channel ${placed.channel}`,
      placedText(placed, time),
      `${count} sent${read === 0 ? '' : `, ${read} read out of its memory`}`,
      `${certificates.join('; ') || 'none on record'}${problem === null ? '' : `. INVALID: ${words(problem)}`}`,
    ]
  })
  const titles: [string, number][] = [
    ['Sensor', 2.2],
    ['Role', 1.9],
    ['Placed', 3],
    ['Readings', 1.5],
    ['Calibration certificate', 3.6],
  ]
  table(
    paper,
    titles.map(([title, share]) => ({ title, share })),
    rows,
  )
  const others = certificate.companions.map(
    ({ sensorId, role, channel }) => `sensor ${sensorId} as ${role} (${channel})`,
  )
  if (others.length > 0) paragraph(paper, `Beside these, not judged: ${others.join(', ')}.`)
}

function placedText({ fromAt, toAt }: { fromAt: number; toAt: number | null }, time: PlaceTime): string {
  return `${time.local(fromAt)} to ${toAt === null ? 'the end' : time.local(toAt)}`
}
