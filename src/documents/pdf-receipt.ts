import type { CertifiedAct } from '../domain/certificate-receipt.ts'
import { isObject } from '../domain/codec.ts'
import { FINDING_TEXT } from '../domain/finding-text.ts'
import type { Drawn } from './pdf-chart.ts'
import { heading, MUTED, type Paper, paragraph, table } from './pdf-paper.ts'
import { words } from './pdf-words.ts'

/** What the receiver found, what it came to for each unit, and what people decided. */
export function drawReceipt(paper: Paper, drawn: Drawn): void {
  const { receipt } = drawn.certificate
  heading(paper, 'Receipt and decision')
  if (receipt === null) {
    paragraph(paper, 'No receipt was recorded: no verdict on any unit is part of this certificate.')
    return
  }
  if (receipt.openReReviews > 0) paragraph(paper, RE_REVIEW, { bold: true })
  const verdicts = receipt.units.map(({ code, verdict, findings, state, usable }) => [
    code,
    verdict === null ? 'none' : words(verdict.toLowerCase()),
    `${words(state)}${usable ? '' : ', not to be used'}`,
    findings.map((one) => `${one}: ${FINDING_TEXT[one].what}`).join('\n') || 'nothing was found',
  ])
  table(paper, columnsOf({ Unit: 1.5, Verdict: 1.5, Standing: 1.7, Findings: 5 }), verdicts)
  drawActs(paper, drawn)
  const { deviations, exceptionalReleases } = receipt
  if (deviations.length > 0) {
    const rows = deviations.map(({ number, system, classification, units, closedAt }) => {
      return [number, system, classification, units.join(', '), closedAt === null ? 'open' : drawn.time.local(closedAt)]
    })
    table(paper, columnsOf({ Deviation: 2, System: 2, Class: 1.4, Units: 3, Closed: 2.4 }), rows)
  }
  for (const { number, units, steps } of exceptionalReleases) {
    const said = steps.map(({ step, form, name, saidAt }) => {
      return `${words(step)} by ${name} (${words(form).toLowerCase()}), ${drawn.time.local(saidAt)}`
    })
    paragraph(paper, `Exceptional release ${number} of ${units.join(', ')}: ${said.join('; ')}.`)
  }
  paragraph(paper, DISPOSE, { size: 7.6, color: MUTED })
}

const RE_REVIEW =
  'RE-REVIEW: later data changed the ground of what was decided. Nothing of it is to be used until somebody decides.'

const DISPOSE =
  'The system recommends, people dispose. A release lifts a hold of the receipt; it is never the certification of a ' +
  'batch by a Qualified Person.'

function drawActs(paper: Paper, { certificate, time }: Drawn): void {
  const { receipt, ledger } = certificate
  if (receipt === null) return
  const kinds: [string, readonly CertifiedAct[]][] = [
    ['Received', receipt.receipts],
    ['Verified', receipt.verifications],
    ['Decided', receipt.dispositions],
  ]
  const rows = kinds.flatMap(([kind, acts]) =>
    acts.map(({ eventSeq, record }) => {
      const said = isObject(record) ? record : {}
      const at = ledger.entries.find(({ seq }) => seq === eventSeq)?.recordedAt
      const who = [said.receiverName, said.verifierName, said.signerName].find((name) => typeof name === 'string')
      const what = typeof said.disposition === 'string' ? words(said.disposition) : kind
      const why = typeof said.reason === 'string' ? said.reason : typeof said.remark === 'string' ? said.remark : ''
      return [String(eventSeq), what, String(who ?? ''), typeof at === 'string' ? time.both(Date.parse(at)) : '', why]
    }),
  )
  table(paper, columnsOf({ Entry: 0.8, Act: 1.8, 'Signed by': 2.2, Recorded: 3.6, Reason: 3 }), rows)
}

function columnsOf(shares: { readonly [title: string]: number }) {
  return Object.entries(shares).map(([title, share]) => ({ title, share }))
}
