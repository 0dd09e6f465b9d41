import { describe, test } from 'vitest'
import { check } from './custody-table.ts'

const SEALED = `
  08:00 maker packed
  08:20 maker sealed seals=S1,S2`

describe('seals', () => {
  test('are compared as sets, at handover and seal check', () =>
    void check(`${SEALED}
      10:00 maker handover_release id=H1 to=courier seals=S2,S1
      10:04 courier handover_accept id=H1 seals=S1
      11:00 courier seal_check seals=S1,S2,S3
      seals: S1,S2
      findings: SEAL_MISMATCH@4 SEAL_MISMATCH@5`))
  test('are compared at receipt, where nobody having looked is left to the receipt check', () => {
    const received = (seals: string) => `${SEALED}
      10:00 maker handover_release id=H1 to=centre seals=S1,S2
      10:04 centre handover_accept id=H1 seals=S1,S2
      10:05 centre received ${seals}`
    check(`${received('seals=S1')}\n status: broken\n findings: SEAL_MISMATCH@5`)
    check(`${received('seals=')}\n status: broken\n findings: SEAL_MISMATCH@5`)
    check(`${received('')}\n status: intact\n findings:`)
  })
  test('not looked at is a remark at a handover and nothing elsewhere', () =>
    void check(`${SEALED}
      10:00 maker handover_release id=H1 to=courier
      10:04 courier handover_accept id=H1
      11:00 courier seal_check
      status: intact
      findings: SEALS_NOT_CHECKED@3 SEALS_NOT_CHECKED@4`))
  test('without a recorded sealing the taker is held to what the giver saw', () =>
    void check(`08:00 maker packed
      10:00 maker handover_release id=H1 to=courier seals=S1
      10:04 courier handover_accept id=H1 seals=S9
      findings: SEAL_MISMATCH@3`))
  test('an empty list is a mismatch even where no sealing was recorded', () =>
    void check(`08:00 maker packed
      10:00 maker handover_release id=H1 to=courier seals=
      10:04 courier handover_accept id=H1 seals=S1
      seals: S1
      findings: SEAL_MISMATCH@2`))
  test('the same seals stated twice by the sealer are no reseal', () =>
    void check(`${SEALED}\n 08:25 maker sealed seals=S2,S1\n findings:`))
})

describe('opening on the way', () => {
  const opened = (how: string, reseal: string) => `${SEALED}
    10:00 courier ${how}
    10:20 courier ${reseal}`
  test('with authority, new seals and a witness is a remark', () =>
    void check(`${opened('opened authority=customs', 'resealed seals=S9 witness=W')}
      status: intact
      seals: S9
      findings: RESEALED@4`))
  test.each([
    ['no authority', 'opened', 'resealed seals=S9 witness=W', 'OPENED_UNAUTHORISED@3 RESEALED@4'],
    ['no witness', 'opened authority=customs', 'resealed seals=S9', 'OPENED_UNAUTHORISED@3 RESEALED@4'],
    ['no new seals', 'opened authority=customs', 'departed', 'OPENED_UNAUTHORISED@3'],
    ['unpacked', 'unpacked', 'departed', 'OPENED_UNAUTHORISED@3'],
    ['replenished without witness', 'replenished seals=S9', 'resealed seals=S9', 'OPENED_UNAUTHORISED@3 RESEALED@4'],
    ['repacked without new seals', 'repacked witness=W', 'departed', 'OPENED_UNAUTHORISED@3'],
  ])(
    'breaks the chain: %s',
    (_why, how, reseal, findings) => void check(`${opened(how, reseal)}\n status: broken\n findings: ${findings}`),
  )
  test('new seals before the opening do not cover it', () =>
    void check(`${SEALED}
      10:20 courier opened authority=customs
      10:00 courier resealed seals=S9 witness=W
      status: broken
      findings: OPENED_UNAUTHORISED@3 RESEALED@4`))
  test('replenished or repacked with new seals and a witness is authorised, in one event or two', () => {
    check(`${opened('replenished', 'resealed seals=S9 witness=W')}\n status: intact\n findings: RESEALED@4`)
    check(`${opened('repacked seals=S9 witness=W', 'departed')}\n status: intact\n seals: S9\n findings: RESEALED@3`)
  })
  test('one reseal answers for all openings before it, each by its own authority', () =>
    void check(`${SEALED}
      10:00 courier opened authority=customs
      10:10 courier opened
      10:20 courier resealed seals=S9 witness=W
      findings: OPENED_UNAUTHORISED@4 RESEALED@5`))
  test('new seals that no opening and no witness explain are a mismatch', () => {
    check(`${SEALED}\n 10:00 courier resealed seals=S9\n findings: RESEALED@3 SEAL_MISMATCH@3`)
    check(`${SEALED}\n 10:00 courier sealed seals=S9\n findings: RESEALED@3 SEAL_MISMATCH@3`)
    check(`${SEALED}\n 10:00 courier resealed seals=S9 witness=W\n status: intact\n findings: RESEALED@3`)
  })
})

describe('opening at the destination', () => {
  test('is no fault and ends the comparing of seals', () =>
    void check(`${SEALED}
      10:00 maker handover_release id=H1 to=centre seals=S1,S2
      10:04 centre handover_accept id=H1 seals=S1,S2
      10:05 centre received seals=S1,S2
      10:10 centre opened
      11:00 centre handover_release id=H2 to=maker seals= units=
      11:05 maker handover_accept id=H2 units=
      12:00 maker opened units=
      status: intact
      seals: none
      findings:`))
  test('said to lie before the takeover does not switch off the comparing', () =>
    void check(`${SEALED}
      09:00 centre opened
      10:00 maker handover_release id=H1 to=centre seals=S9
      10:04 centre handover_accept id=H1 seals=S1,S2
      10:05 centre received seals=S1,S2
      findings: SEAL_MISMATCH@4`))
})
