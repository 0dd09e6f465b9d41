import type { Certificate } from '../domain/certificate-form.ts'
import { signaturesOf } from '../domain/certified.ts'
import { effectiveEvents } from '../domain/custody-effective.ts'
import type { CustodyEvent } from '../domain/custody-event.ts'
import { custodyEvents } from '../domain/ledger-events.ts'
import type { Drawn } from './pdf-chart.ts'
import {
  ensure,
  heading,
  heightOf,
  INNER,
  MARGIN,
  MUTED,
  type Paper,
  paragraph,
  RULE,
  TONES,
  table,
  write,
} from './pdf-paper.ts'
import { organisationName, words } from './pdf-words.ts'

/** Who had it, from the first event to the last, with signatures and what was found. */
export function drawCustody(paper: Paper, { certificate, time }: Drawn): void {
  heading(paper, 'Custody')
  const events = custodyEvents(certificate.ledger.entries)
  if ('problem' in events) return
  const said = effectiveEvents(events.value)
  for (const [index, event] of said.entries()) {
    drawEvent(paper, lineOf(certificate, event, time.local(event.at)), {
      utc: time.zone === null ? '' : time.utc(event.at),
      isLast: index === said.length - 1,
    })
  }
  paper.y += 4
  drawFindings(paper, certificate)
}

type Line = {
  readonly when: string
  readonly title: string
  readonly by: string
  readonly notes: readonly string[]
  readonly hasFinding: boolean
}

function lineOf(given: Certificate, event: CustodyEvent, when: string): Line {
  const entry = given.ledger.entries.find(({ seq }) => seq === event.seq)
  const found = given.custody.findings.filter(({ seq }) => seq === event.seq)
  const { toOrg, place, units, seals, acknowledgement, reason, witness } = event
  const signed = (entry === undefined ? [] : signaturesOf(entry)).map(
    ({ printedName, meaning, role, signedAt }) =>
      `Signed: ${printedName}, "${words(meaning)}", as ${words(role).toLowerCase()}, ${signedAt}`,
  )
  const given_ = acknowledgement && Object.values(acknowledgement).filter((text) => text !== undefined)
  const notes = [
    [
      toOrg && `to ${organisationName(given, toOrg)}`,
      place && `at ${place}`,
      units.length > 0 && `units ${units.join(', ')}`,
    ],
    [
      seals && `seals ${seals.length === 0 ? 'none' : seals.join(', ')}`,
      witness && `witness ${witness}`,
      reason && `reason: ${reason}`,
    ],
  ].map((parts) => parts.filter((part) => typeof part === 'string' && part !== '').join(' · '))
  return {
    when,
    title: words(event.kind),
    by: organisationName(given, event.byOrg),
    notes: [
      ...notes.filter((note) => note !== ''),
      ...signed,
      ...(given_ ? [`Acknowledged (no signature): ${given_.join(', ')}`] : []),
      ...found.map(({ text, severity }) => `${severity === 'remark' ? 'Remark' : 'FINDING'}: ${text}`),
    ],
    hasFinding: found.some(({ severity }) => severity !== 'remark'),
  }
}

const WHEN = 122

function drawEvent(paper: Paper, line: Line, { utc, isLast }: { utc: string; isLast: boolean }): void {
  const { pdf } = paper
  const left = MARGIN + WHEN + 18
  const width = INNER - WHEN - 18
  const heights = line.notes.map((text) => heightOf(paper, text, { size: 7.8, width }) + 1)
  const height = 12.5 + heights.reduce((sum, one) => sum + one, 0) + 5
  ensure(paper, height)
  const [x, y] = [MARGIN + WHEN + 6, paper.y + 5]
  if (!isLast)
    pdf
      .moveTo(x, y)
      .lineTo(x, y + height)
      .lineWidth(1)
      .strokeColor(RULE)
      .stroke()
  pdf.circle(x, y, 3.2).fill(line.hasFinding ? TONES.bad.dark : TONES.good.dark)
  write(paper, { x: MARGIN, y: paper.y, text: line.when }, { size: 8.2, width: WHEN })
  write(paper, { x: MARGIN, y: paper.y + 10, text: utc }, { size: 7, color: MUTED, width: WHEN })
  write(paper, { x: left, y: paper.y - 0.5, text: `${line.title}` }, { size: 9, bold: true, width })
  const after = left + pdf.widthOfString(line.title) + 8
  write(
    paper,
    { x: after, y: paper.y, text: `by ${line.by}` },
    { size: 8.2, color: MUTED, width: MARGIN + INNER - after },
  )
  let noteY = paper.y + 12.5
  for (const text of line.notes) noteY += write(paper, { x: left, y: noteY, text }, { size: 7.8, width }) + 1
  paper.y += Math.max(height, 22)
}

function drawFindings(paper: Paper, { custody }: Certificate): void {
  const loose = custody.findings.filter(({ seq }) => seq === null)
  if (loose.length > 0) {
    const rows = loose.map(({ code, kind, text }) => [
      words(code.toLowerCase()),
      kind === null ? '' : words(kind),
      text,
    ])
    table(
      paper,
      [
        { title: 'Finding', share: 2 },
        { title: 'Step', share: 1.4 },
        { title: 'Meaning', share: 5 },
      ],
      rows,
    )
  }
  const note =
    'A handover counts as signed only where a person signed it with their password. A machine’s word is attested by ' +
    'its organisation; a person without account acknowledges. Neither is an e-signature.'
  paragraph(paper, note, { size: 7.6, color: MUTED })
}
