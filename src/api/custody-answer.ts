import { z } from '@hono/zod-openapi'
import type { CustodyAnswer } from '../actions/custody-status.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { isoInstant } from '../domain/units.ts'
import { printedInstant } from './inputs.ts'

/** A ledger entry: a custody event, or the service's own `readings_root`. */
export const entry = z
  .looseObject({ seq: z.int(), prevHash: z.string(), hash: z.string() })
  .openapi('CustodyEvent', { description: 'the statement as it is hashed: SHA-256 of its canonical JSON without hash' })

/** How the chain of custody stands; part of the status, and the answer to every custody event. */
export const custody = z
  .object({
    chainStatus: z.enum(['intact', 'incomplete', 'broken']),
    holder: z
      .object({
        organisationId: z.int().nullable(),
        key: z.string().meta({ description: 'as it stands in the ledger: the GLN, else organisation:<id>' }),
        name: z.string().nullable(),
      })
      .nullable(),
    lastEvent: z.object({ seq: z.int(), kind: z.string(), at: printedInstant, byOrg: z.string() }).nullable(),
    seals: z.array(z.string()).nullable().meta({ description: 'in force; null: none known, or opened at the end' }),
    findings: z.array(
      z.object({
        code: z.string(),
        seq: z.int().nullable().meta({ description: 'the ledger entry it is about' }),
        kind: z.string().nullable().meta({ description: 'the milestone that is missing' }),
        severity: z.string().meta({ description: 'broken, incomplete or remark' }),
        text: z.string(),
      }),
    ),
    signed: z.array(z.int()).meta({ description: 'entries of handovers that a person signed' }),
    attested: z.array(z.int()).meta({ description: 'entries that an organisation’s machine attested; not signed' }),
    acknowledgements: z.array(z.int()).meta({ description: 'entries given without a signature' }),
    headHash: z.string().meta({ description: 'hash of the newest ledger entry' }),
  })
  .openapi('Custody')

/** The answer of the ledger as the door prints it. */
export function printCustody(found: CustodyAnswer): z.infer<typeof custody> {
  const { lastEvent } = found
  return {
    chainStatus: found.chainStatus,
    holder: found.holder,
    lastEvent: lastEvent && { ...lastEvent, at: isoInstant(lastEvent.at) },
    seals: found.seals && [...found.seals],
    findings: found.findings,
    signed: [...found.signed],
    attested: [...found.attested],
    acknowledgements: [...found.acknowledgements],
    headHash: found.headHash,
  }
}

/** The entry as it stands: any other form of it would not verify. */
export function printEntry(found: LedgerEntry): z.infer<typeof entry> {
  return { ...found }
}
