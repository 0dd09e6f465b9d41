import { isoInstant } from '../domain/units.ts'
import type { Drawn } from './pdf-chart.ts'
import { heading, MUTED, type Paper, paragraph, table } from './pdf-paper.ts'
import { words } from './pdf-words.ts'

/** What was changed, what was judged when, and by what all of it is proven. */
export function drawRecord(paper: Paper, drawn: Drawn, jsonSha256: string): void {
  drawChanges(paper, drawn)
  drawVersions(paper, drawn)
  drawProofs(paper, drawn, jsonSha256)
}

function drawChanges(paper: Paper, { certificate, time }: Drawn): void {
  heading(paper, 'Changes since first entry')
  const { changes } = certificate
  if (changes.length === 0) {
    paragraph(paper, 'None: every record stands as it was first entered.')
    return
  }
  const rows = changes.map(({ what, id, at, reason }) => [
    words(what),
    String(id),
    time.local(at),
    reason ?? 'none given',
  ])
  table(
    paper,
    [
      { title: 'What', share: 2 },
      { title: 'Number', share: 1 },
      { title: 'Changed', share: 3 },
      { title: 'Reason', share: 5 },
    ],
    rows,
  )
  paragraph(paper, 'Nothing was overwritten: what stood before is kept.', { size: 7.6, color: MUTED })
}

function drawVersions(paper: Paper, { certificate, time }: Drawn): void {
  heading(paper, 'Versions of the verdict')
  const rows = certificate.versions.map(({ version, knownAt, status, contentSha256 }) => {
    return [String(version), time.local(knownAt), words(status), contentSha256]
  })
  const columns = [
    { title: 'Version', share: 1 },
    { title: 'Stored', share: 2.4 },
    { title: 'Status', share: 2 },
    { title: 'SHA-256 of its content', share: 5.4, mono: true },
  ]
  table(paper, columns, rows)
}

function drawProofs(paper: Paper, { certificate }: Drawn, jsonSha256: string): void {
  heading(paper, 'Proofs')
  const { ledger, keys, proof, seal, software, profile } = certificate
  const head = ledger.entries.at(-1)
  const { approval } = profile
  const rows = [
    ['Certificate (attached JSON)', jsonSha256],
    [`Head of the ledger, entry ${head?.seq ?? 0}`, head?.hash ?? ''],
    [`Root of ${proof.readings} readings, in entry ${proof.seq}`, proof.root],
    ['Sealed with key', seal.kid],
  ]
  table(
    paper,
    [
      { title: 'Proof', share: 3 },
      { title: 'SHA-256, or RFC 7638 thumbprint', share: 6, mono: true },
    ],
    rows,
  )
  const history = keys.map(({ kid, fromAt, untilAt }) => [
    kid,
    isoInstant(fromAt),
    untilAt === null ? 'in use' : isoInstant(untilAt),
  ])
  table(
    paper,
    [
      { title: 'Key of the service', share: 5, mono: true },
      { title: 'From', share: 2.4 },
      { title: 'Until', share: 2.4 },
    ],
    history,
  )
  const approved =
    approval === null
      ? 'The profile was not approved'
      : `Profile approved by ${approval.approver} from ${approval.source}`
  paragraph(paper, `${approved}. Unbroken ${software.version}, rules of judging version ${software.judgeVersion}.`)
  paragraph(paper, HOW, { size: 8.2 })
}

const HOW =
  'To verify, keep this very file and run: unbroken verify FILE --trust KEY. No network, database or account is ' +
  'needed: the attached JSON holds every reading, and the verdict is judged again from them. Compare the key with ' +
  'the one that the issuer publishes. The last line of this file signs every byte before it: saving it anew breaks ' +
  'that. Times of the attached JSON are UTC; it is what counts where this print differs.'
