import type { Certificate } from '../domain/certificate-form.ts'
import { coveragePercent, exactC, isoInstant } from '../domain/units.ts'
import { type Drawn, drawChart } from './pdf-chart.ts'
import {
  ensure,
  heightOf,
  INNER,
  MARGIN,
  MUTED,
  type Paper,
  pairs,
  paragraph,
  TONES,
  table,
  WIDTH,
  write,
} from './pdf-paper.ts'
import { custodySaid, organisationName, receiptSaid, type Said, temperatureSaid, words } from './pdf-words.ts'
import { type PlaceTime, spokenDuration } from './place-time.ts'
import { qrCode } from './qr.ts'

/** What one must see at a glance: verdict, reasons, identity, and the curve. */
export function drawFirstPage(paper: Paper, drawn: Drawn, qrText: string): void {
  const { certificate, time } = drawn
  drawTitle(paper, certificate, qrText)
  if (certificate.profile.limits.example) drawExample(paper)
  drawTiles(paper, [
    ['Temperature', temperatureSaid(drawn)],
    ['Custody', custodySaid(certificate)],
    ['Receipt', receiptSaid(certificate)],
  ])
  pairs(paper, identity(certificate, time))
  drawUnits(paper, certificate, time)
  write(paper, { x: MARGIN, y: paper.y, text: 'Temperature at the measured point' }, { size: 10.5, bold: true })
  const key = 'shaded: out of limits; hatched: no data; green: range on the label'
  write(
    paper,
    { x: MARGIN + 190, y: paper.y + 2, text: key },
    { size: 7.2, color: MUTED, align: 'right', width: INNER - 190 },
  )
  paper.y += 24
  ensure(paper, 150)
  drawChart(paper, drawn, 226)
  drawFigures(paper, drawn)
  paragraph(paper, monitoredText(drawn), { size: 8.4 })
  paragraph(paper, changedText(certificate), { size: 8.4, bold: certificate.changedSinceFirstEntry })
}

const QR_SIDE = 62

function drawTitle(paper: Paper, { shipment, asOf }: Certificate, qrText: string): void {
  const title = { x: MARGIN, y: paper.y, text: 'Certificate of temperature and custody' }
  write(paper, title, { size: 17, bold: true, width: INNER - QR_SIDE - 12 })
  const reference = { x: MARGIN, y: paper.y + 24, text: `Shipment ${shipment.reference}` }
  write(paper, reference, { size: 12, width: INNER - QR_SIDE - 12 })
  const record = `Everything on record up to ${isoInstant(asOf)}, sealed by the service.`
  const until = `${record} The system recommends, people dispose.`
  write(paper, { x: MARGIN, y: paper.y + 43, text: until }, { size: 7.8, color: MUTED, width: INNER - QR_SIDE - 12 })
  drawQr(paper, qrText, { x: WIDTH - MARGIN - QR_SIDE, y: paper.y - 4 })
  paper.y += QR_SIDE + 6
}

function drawQr({ pdf }: Paper, text: string, { x, y }: { x: number; y: number }): void {
  const { side, shapes } = qrCode(text)
  const scale = QR_SIDE / side
  for (const corners of shapes) {
    for (const [index, [left, top]] of corners.entries()) {
      const [toX, toY] = [x + left * scale, y + top * scale]
      if (index === 0) pdf.moveTo(toX, toY)
      else pdf.lineTo(toX, toY)
    }
    pdf.closePath()
  }
  pdf.fill('#000000', 'even-odd')
}

function drawExample(paper: Paper): void {
  const { pdf } = paper
  pdf.rect(MARGIN, paper.y, INNER, 16).fill(TONES.bad.dark)
  const text = 'EXAMPLE LIMITS, not for use: this profile is not one of a product'
  write(
    paper,
    { x: MARGIN, y: paper.y + 4, text },
    { size: 8.5, bold: true, color: '#ffffff', width: INNER, align: 'center' },
  )
  paper.y += 22
}

const GUTTER = 8

/** Three tiles side by side, as high as the fullest. */
function drawTiles(paper: Paper, tiles: readonly (readonly [string, Said])[]): void {
  const width = (INNER - GUTTER * (tiles.length - 1)) / tiles.length
  const inside = width - 20
  const heights = tiles.map(([, { word, why }]) => {
    const lines = why.map((line) => heightOf(paper, line, { size: 7.8, width: inside }) + 1.5)
    return (
      22 +
      heightOf(paper, word, { size: 14, bold: true, width: inside }) +
      lines.reduce((sum, line) => sum + line, 0) +
      10
    )
  })
  const height = Math.max(...heights)
  for (const [index, [label, said]] of tiles.entries()) {
    drawTile(paper, { x: MARGIN + index * (width + GUTTER), width, height, label }, said)
  }
  paper.y += height + 10
}

type Tile = { readonly x: number; readonly width: number; readonly height: number; readonly label: string }

function drawTile(paper: Paper, { x, width, height, label }: Tile, { word, tone, why }: Said): void {
  const { pdf } = paper
  const { dark, pale } = TONES[tone]
  pdf.rect(x, paper.y, width, height).fill(pale)
  pdf.rect(x, paper.y, 4, height).fill(dark)
  const left = x + 12
  let y = paper.y + 8
  write(paper, { x: left, y, text: label.toUpperCase() }, { size: 7, color: MUTED, width: width - 20 })
  y += 12
  y += write(paper, { x: left, y, text: word }, { size: 14, bold: true, color: dark, width: width - 20 }) + 3
  for (const line of why) y += write(paper, { x: left, y, text: line }, { size: 7.8, width: width - 20 }) + 1.5
}

function identity(given: Certificate, time: PlaceTime): [string, string][] {
  const { shipment, profile, destination, monitored } = given
  const { container, product } = shipment
  const box =
    container === null
      ? null
      : `${container.serial} (${words(container.kind)}${container.grai === null ? '' : `, GRAI ${container.grai}`})`
  const to = `${organisationName(given, shipment.consignee)}${destination === null ? '' : `, ${destination.name}`}`
  const pairsOf: [string, string | null][] = [
    ['Product', `${product.name}${product.gtin === null ? '' : `, GTIN ${product.gtin}`}`],
    ['Chain of identity', shipment.coi],
    ['From', organisationName(given, shipment.sender)],
    ['To', to],
    ['Order', shipment.orderNumber],
    ['Container', box],
    ['SSCC', shipment.sscc],
    ['Limits', `${profile.limits.name}, version ${profile.version}`],
    ['Monitored from', monitored && time.both(monitored.fromAt)],
    ['Monitored to', monitored && time.both(monitored.toAt)],
  ]
  return pairsOf.flatMap(([label, text]) => (text === null ? [] : [[label, text]]))
}

function drawUnits(paper: Paper, { units }: Certificate, time: PlaceTime): void {
  if (units.length === 0) return
  const rows = units.map(({ code, lot, serial, din, expiryAt, label, budget }) => {
    const expires = expiryAt === null ? '-' : time.local(expiryAt)
    return [code, lot ?? '-', serial ?? '-', din ?? '-', expires, labelText(label), budgetText(budget)]
  })
  // a column of which no unit has anything only takes the room of the others
  const columns = Object.entries(UNIT_COLUMNS).map(([title, share], index) => ({ title, share, index }))
  const used = columns.filter(({ index }) => rows.some((row) => row[index] !== '-'))
  table(
    paper,
    used,
    rows.map((row) => used.map(({ index }) => row[index] ?? '')),
  )
}

const UNIT_COLUMNS = {
  Unit: 2,
  Lot: 1.4,
  Serial: 1.6,
  Donation: 1.8,
  Expires: 3,
  'Label read': 2.4,
  'Stability budget': 2.6,
}

type Unit = Certificate['units'][number]

function labelText({ result, readers, differs }: Unit['label']): string {
  const by = `${readers} ${readers === 1 ? 'person' : 'people'}`
  if (result === 'mismatch') return `DIFFERS: ${differs.join(', ')}, ${by}`
  return result === 'match' ? `matches, ${by}` : `not verified, ${by}`
}

/** With the band that is used most of; earlier use that nobody declared is said. */
function budgetText(budget: Unit['budget']): string {
  if (budget === null) return 'not known'
  const { state, earlierUse, bands } = budget
  if (state === 'none') return 'none in the limits'
  const used = bands
    .map(({ id, consumedMs, presumedMs }) => ({ id, ms: consumedMs + presumedMs }))
    .filter(({ ms }) => ms > 0)
  const said = used.map(({ id, ms }) => `${id} ${spokenDuration(ms)}`).join(', ')
  const earlier = earlierUse === 'declared' ? '' : '; earlier use not declared'
  return `${words(state)}${said === '' ? ', nothing used' : `: ${said}`}${earlier}`
}

/** The figures one looks for first, side by side. */
function drawFigures(paper: Paper, { certificate, judged }: Drawn): void {
  const { combined, span } = judged.assessment
  if (combined === null || span === null) return
  const degrees = (milliC: number | null) => (milliC === null ? 'not known' : `${exactC(milliC)} °C`)
  const out = certificate.profile.limits.levels.flatMap(({ id }, index) => {
    const ms = combined.levels[index]?.totalConfirmedMs ?? 0
    return ms === 0 ? [] : [`${id} ${spokenDuration(ms)}`]
  })
  const missing = combined.gaps.reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0)
  const figures = [
    ['Lowest', degrees(combined.lowestMilliC)],
    ['Highest', degrees(combined.highestMilliC)],
    ['Time out of limits', out.join(', ') || 'none'],
    ['Without data', missing === 0 ? 'none' : spokenDuration(missing)],
    ['Covered', `${coveragePercent(combined.coveredMs, span.toAt - span.fromAt) ?? 0} %`],
  ]
  const width = INNER / figures.length
  const heights = figures.map(([label = '', text = ''], index) => {
    const x = MARGIN + index * width
    write(paper, { x, y: paper.y, text: label }, { size: 7.2, color: MUTED, width: width - 6 })
    return write(paper, { x, y: paper.y + 10, text }, { size: 11, bold: true, width: width - 6 })
  })
  paper.y += 10 + Math.max(...heights) + 8
}

function monitoredText({ certificate, time }: Drawn): string {
  const { monitored } = certificate
  if (monitored === null)
    return 'Not monitored: no reading is known of any time. Nothing can be said about the temperature.'
  const [from, to] = [monitored.fromAt, monitored.toAt].map((at) => time.both(at))
  const said = `Not monitored before ${from}, nor after ${to}: nothing is said about the temperature before and after.`
  return `${said} What was measured is the temperature at the sensor.`
}

function changedText({ changes, changedSinceFirstEntry }: Certificate): string {
  if (!changedSinceFirstEntry) return 'Data changed since first entry: no.'
  return `Data changed since first entry: yes, ${changes.length} change(s), listed with their reasons under Changes.`
}
