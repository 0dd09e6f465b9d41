import { describe, expect, test } from 'vitest'
import { findingSeverity, findingText } from '../../src/domain/custody-finding.ts'
import vectors from '../vectors/custody-chain.json' with { type: 'json' }
import { check, clock } from './custody-table.ts'

const PACKED = `
  08:00 maker packed
  08:20 maker sealed seals=S1`
const TO_COURIER = `${PACKED}
  10:00 maker handover_release id=H1 to=courier seals=S1
  10:04 courier handover_accept id=H1 seals=S1`
const RECEIVED = `${TO_COURIER}
  54:00 courier handover_release id=H2 to=centre seals=S1
  54:10 centre handover_accept id=H2 seals=S1
  54:12 centre received seals=S1`

describe('holder', () => {
  test('nobody holds what nobody has spoken about', () => {
    expect(check('status: intact\n findings:').currentHolder).toBeNull()
  })
  test('custody runs from the organisation of the first event', () =>
    void check('07:00 clinic collection\n 08:00 maker packed\n holder: clinic'))
  test('only an acceptance moves custody', () =>
    void check(`${TO_COURIER}
      12:00 depot arrived
      13:00 centre delivered
      holder: courier
      findings:`))
  test('a second acceptance of one handover has no release of its own', () =>
    void check(`${RECEIVED}
      55:00 courier handover_accept id=H1 seals=S1
      status: broken
      holder: courier
      findings: ACCEPT_WITHOUT_RELEASE@8`))
  test('a handover id used again pairs in order, and the second release stays open', () =>
    void check(`${TO_COURIER}
      11:00 courier handover_release id=H1 to=depot seals=S1
      holder: courier
      findings: HANDOVER_OPEN@5`))
})

describe('clock and limits', () => {
  test('accepted exactly 2 minutes before its release is within tolerance, a millisecond more is not', () => {
    const early = (at: string) => `${PACKED}
      10:00 maker handover_release id=H1 to=courier seals=S1
      ${at} courier handover_accept id=H1 seals=S1`
    check(`${early('09:58:00')}\n findings:`)
    check(`${early('09:57:59.999')}\n status: broken\n findings: TIME_REVERSED@4`)
  })
  test('a handover is open only after the time allowed', () => {
    const released = `${PACKED}\n 10:00 maker handover_release id=H1 to=courier seals=S1\n`
    check(`${released} asOf: 10:30\n status: intact\n findings:`)
    check(`${released} asOf: 10:30:00.001\n status: incomplete\n findings: HANDOVER_OPEN@3`)
  })
  test('a handover of exactly the time allowed is not slow', () => {
    const accepted = (at: string) => `${PACKED}
      10:00 maker handover_release id=H1 to=courier seals=S1
      ${at} courier handover_accept id=H1 seals=S1`
    check(`${accepted('10:30')}\n findings:`)
    check(`${accepted('10:30:00.001')}\n status: intact\n findings: HANDOVER_SLOW@4`)
  })
  test('exactly 24 hours after the fact is not late', () => {
    check(`${TO_COURIER}\n 11:00 courier departed rec=35:00\n findings:`)
    check(`${TO_COURIER}\n 11:00 courier departed rec=35:00:00.001\n status: intact\n findings: LATE_ENTRY@5`)
  })
})

describe('signatures', () => {
  const handover = (giver: string, taker: string) => `${PACKED}
    10:00 maker handover_release id=H1 to=courier seals=S1 ${giver}
    10:04 courier handover_accept id=H1 seals=S1 ${taker}`
  test('one acknowledgement with company and code, or company and waybill, is enough beside a signature', () => {
    check(`${handover('', 'ack=Berg/Nordfracht/481516')}\n status: intact\n findings:\n acks: 4`)
    check(`${handover('ack=Berg/Nordfracht//W-77', '')}\n status: intact\n findings:\n acks: 3`)
  })
  test('a handover with two acknowledgements is signed by nobody', () =>
    void check(`${handover('ack=Berg/Nordfracht/481516', 'ack=Lie/Sorfracht/234211')}
      status: incomplete
      findings: HANDOVER_UNSIGNED@4
      acks: 3,4`))
  test.each(['ack=Berg//481516', 'ack=Berg/Nordfracht', 'ack=Berg/Nordfracht/ /', 'ack=Berg'])(
    'an acknowledgement without company and code or waybill counts for nothing: %s',
    (ack) => void check(`${handover('', ack)}\n status: incomplete\n findings: HANDOVER_UNSIGNED@4\n acks: 4`),
  )
  test('an e-signature is counted as one, an acknowledgement beside it is not counted, complete or not', () => {
    check(`${handover('signed=Berg', 'ack=Lie/Nordfracht/481516')}
      status: intact
      findings:
      signed: 3
      acks: 4`)
    check(`${handover('signed=Berg ack=Lie', 'signed=Lie,Ek')}\n status: intact\n findings:\n signed: 3,4\n acks:`)
  })
  test('what people say without signing signs no handover; a machine speaks for its organisation', () => {
    const unsigned = 'status: incomplete\n findings: HANDOVER_UNSIGNED@4\n signed:'
    check(`${handover('actor=person:1', 'actor=person:2')}\n ${unsigned}`)
    check(`${handover('actor=person:1', 'actor=machine:2 ack=Berg/Nordfracht/1')}\n ${unsigned}`)
    check(`${handover('actor=person:1', 'actor=machine:2')}\n status: intact\n findings:\n signed:`)
    check(`${handover('actor=person:1', 'actor=person:2 signed=Lie')}\n status: intact\n findings:\n signed: 4`)
  })
  test('who signs a correction signs what it puts in place, and nobody else does', () => {
    const corrected = (more: string, replaced = '') => `${handover('actor=person:1', 'actor=person:2 signed=Lie')}
      11:00 courier correction corrects=4 ${more} reason=r := 10:05 courier handover_accept id=H1 seals=S1 ${replaced}`
    check(`${corrected('', 'actor=person:2')}\n status: incomplete\n findings: HANDOVER_UNSIGNED@4\n signed:`)
    check(`${corrected('signed=Lie', 'actor=person:2')}\n status: intact\n findings:\n signed: 4`)
  })
  test('an acknowledged release that nobody accepted is judged too', () =>
    void check(`${PACKED}
      10:00 maker handover_release id=H1 to=courier seals=S1 ack=Berg
      asOf: 10:10
      findings: HANDOVER_UNSIGNED@3`))
})

describe('identity', () => {
  test('the first code stated rules, and an event without code says nothing', () =>
    void check(
      `08:00 maker packed coi=C1\n 08:20 maker sealed seals=S1\n 09:00 maker stored coi=C2\n findings: COI_MISMATCH@3`,
    ))
  test('an expected code rules over the first one stated', () =>
    void check('08:00 maker packed coi=C1\n 09:00 maker stored coi=C2\n findings: COI_MISMATCH@1', { coi: 'C2' }))
})

describe('units', () => {
  test('every unit is listed with the first event that ended its life', () => {
    const { units } = check(`${RECEIVED}
      55:00 centre administered units=A
      56:00 centre destroyed units=A
      findings:`)
    expect([...units]).toEqual([
      ['A', { kind: 'administered', at: clock('55:00'), seq: 8 }],
      ['B', null],
    ])
  })
  test('a unit is given once, and nothing opens or moves it afterwards', () =>
    void check(`${RECEIVED}
      55:00 centre administered units=A
      55:00 centre stored units=A
      55:01 centre administered units=A,B
      56:00 centre removed units=B
      findings: EVENT_AFTER_TERMINAL@10 EVENT_AFTER_TERMINAL@11`))
})

describe('milestones', () => {
  test('no step is missed before the destination has taken over', () =>
    void check('08:00 maker packed\n 09:00 maker handover_release id=H1 to=courier seals=S1\n asOf: 09:10\n findings:'))
  test('after the takeover packing, sealing and the own word of the destination are missed', () =>
    void check(`08:00 maker collection
      10:00 maker handover_release id=H1 to=centre seals=S1
      10:04 centre handover_accept id=H1 seals=S1
      10:05 courier received seals=S1
      status: incomplete
      findings: MILESTONE_MISSING:packed MILESTONE_MISSING:sealed MILESTONE_MISSING:received`))
  test('a centre that uses a unit has taken it over, whatever it forgot to record', () =>
    void check(`${TO_COURIER}\n 55:00 centre administered units=A\n findings: MILESTONE_MISSING:received`))
})

describe('ledger', () => {
  test('a ledger that does not verify breaks the chain at the place named', () =>
    void check(`${RECEIVED}\n status: broken\n findings: INTEGRITY_FAILED@2`, { firstBadSeq: 2 }))
})

test('findings weigh what the published table says, and every one has a sentence', () => {
  expect(findingSeverity).toMatchObject(vectors.findingSeverity)
  expect(Object.keys(findingText)).toEqual(Object.keys(findingSeverity))
})
