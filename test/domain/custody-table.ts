import { expect } from 'vitest'
import { CUSTODY_DEFAULTS, type Custody, type CustodyTerms, foldCustody } from '../../src/domain/custody.ts'
import { CUSTODY_KINDS, type CustodyEvent, type CustodyStatement } from '../../src/domain/custody-event.ts'

const DAY_START = Date.UTC(2026, 2, 2)
const MINUTE_MS = 60_000

/** `26:10` is ten past two on the second day, in epoch milliseconds. */
export function clock(text: string): number {
  const [hours = '', minutes = '', seconds = '0'] = text.split(':')
  return DAY_START + (Number(hours) * 60 + Number(minutes)) * MINUTE_MS + Number(seconds) * 1000
}

/**
 * Events as lines, in order of recording: `10:04 courier handover_accept id=H1 seals=S1,S2 rec=11:00`. Lists are split
 * at commas, `seals=` is an empty list; a correction ends in `void` or `:= <another line>`. `seq` counts from 1.
 */
export function eventsOf(table: string): CustodyEvent[] {
  return linesOf(table)
    .filter((line) => /^\d/.test(line))
    .map((line, index) => ({ recordedAt: statementOf(line).at, ...statementOf(line), seq: index + 1 }))
}

/** Folds the lines of a table and compares with its `status:`, `findings:`, `acks:` … lines. */
export function check(table: string, terms: Partial<CustodyTerms> = {}): Custody {
  const said = new Map(linesOf(table).flatMap((line) => (/^\d/.test(line) ? [] : [keyAndValue(line, ':')])))
  const asOf = clock(said.get('asOf') ?? '200:00')
  const custody = foldCustody(eventsOf(table), {
    ...CUSTODY_DEFAULTS,
    asOf,
    destinationOrg: 'centre',
    coi: null,
    ...terms,
  })
  const findings = custody.findings.map((f) =>
    f.code === 'MILESTONE_MISSING' ? `${f.code}:${f.kind}` : `${f.code}@${f.seq}`,
  )
  const answer = new Map([
    ['asOf', said.get('asOf')],
    ['status', custody.chainStatus],
    ['holder', custody.currentHolder],
    ['findings', findings.join(' ')],
    ['seals', custody.seals?.join(',') ?? 'none'],
    ['signed', custody.signed.join(',')],
    ['acks', custody.acknowledgements.join(',')],
  ])
  expect(Object.fromEntries([...said.keys()].map((name) => [name, answer.get(name)]))).toEqual(Object.fromEntries(said))
  return custody
}

function linesOf(table: string): string[] {
  return table
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function statementOf(line: string): CustodyStatement & { recordedAt?: number } {
  const [own = '', instead] = line.split(' := ')
  const [time = '', byOrg = '', kindText = '', ...words] = own.split(/\s+/)
  const kind = CUSTODY_KINDS.find((known) => known === kindText)
  if (kind === undefined) throw new Error(`no such kind: ${kindText}`)
  const said = new Map(words.map((word) => keyAndValue(word, '=')))
  const list = (name: string) =>
    said
      .get(name)
      ?.split(',')
      .filter((item) => item !== '')
  const [name, company, code, waybill] = said.get('ack')?.split('/') ?? []
  const rec = said.get('rec')
  return {
    kind,
    at: clock(time),
    ...(rec === undefined ? {} : { recordedAt: clock(rec) }),
    byOrg,
    units: list('units') ?? ['A', 'B'],
    coi: said.get('coi'),
    seals: list('seals'),
    reason: said.get('reason'),
    handoverId: said.get('id'),
    toOrg: said.get('to'),
    authority: said.get('authority'),
    witness: said.get('witness'),
    actor: said.get('actor'),
    signatures: list('signed')?.map((printedName) => ({ printedName })),
    acknowledgement: said.has('ack') ? { name, company, code, waybill } : undefined,
    corrects: said.has('corrects') ? Number(said.get('corrects')) : undefined,
    replacement: instead !== undefined ? statementOf(instead) : said.has('void') ? null : undefined,
  }
}

function keyAndValue(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1).trim()]
}
