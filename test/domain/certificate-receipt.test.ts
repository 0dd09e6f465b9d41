import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/domain/canonical.ts'
import { type CertifiedReceipt, receiptFault } from '../../src/domain/certificate-receipt.ts'
import { appendEntry, GENESIS } from '../../src/domain/ledger.ts'
import { hashText } from '../support/certified.ts'

const record = { receiverName: 'Dr. Example', judged: [] }
const sha256 = hashText(canonicalJson(record))
const packed = appendEntry(GENESIS, { kind: 'packed' }, hashText)
const received = appendEntry(packed, { kind: 'received', details: { receiptSha256: sha256 } }, hashText)
const ledger = [packed, received]
const unit = {
  code: 'BAG-1',
  verdict: 'QUARANTINE',
  findings: ['SEAL_BROKEN'],
  state: 'held',
  usable: false,
  reReview: false,
} as const
const whole: CertifiedReceipt = {
  units: [unit],
  receipts: [{ eventSeq: 2, sha256, record }],
  verifications: [],
  dispositions: [],
  deviations: [],
  exceptionalReleases: [],
  openReReviews: 0,
}

describe('a receipt in a certificate', () => {
  test('holds as it was signed, or where none was', () => {
    expect(receiptFault(whole, ledger, hashText)).toBeNull()
    expect(receiptFault(null, [packed], hashText)).toBeNull()
  })

  test.each<[string, CertifiedReceipt | null, RegExp]>([
    ['left out', null, /entry 2 is not told/],
    ['without its record', { ...whole, receipts: [] }, /entry 2 is not told/],
    [
      'with a changed record',
      { ...whole, receipts: [{ eventSeq: 2, sha256, record: { ...record, receiverName: 'x' } }] },
      /signed in ledger entry 2 was changed/,
    ],
    [
      'with a record that nobody signed',
      { ...whole, dispositions: [{ eventSeq: 1, sha256, record }] },
      /entry 1 names another record/,
    ],
    [
      'with a milder verdict than its findings come to',
      { ...whole, units: [{ ...unit, verdict: 'ACCEPT' }] },
      /findings of unit BAG-1 do not come to ACCEPT/,
    ],
    [
      'with a finding taken away',
      { ...whole, units: [{ ...unit, findings: [] }] },
      /findings of unit BAG-1 do not come to QUARANTINE/,
    ],
  ])('%s is found', (_what, receipt, fault) => {
    expect(receiptFault(receipt, ledger, hashText)).toMatch(fault)
  })
})
