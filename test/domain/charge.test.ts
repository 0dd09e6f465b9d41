import { expect, test } from 'vitest'
import { chargeOf } from '../../src/domain/charge.ts'
import type { EffectiveEvent } from '../../src/domain/custody-effective.ts'
import type { CustodyKind } from '../../src/domain/custody-event.ts'

const HOUR = 3_600_000
const T0 = Date.UTC(2026, 2, 2)

let seq = 0
function event(kind: CustodyKind, hour: number, details: EffectiveEvent['details'] = {}): EffectiveEvent {
  seq += 1
  const at = T0 + hour * HOUR
  return { kind, at, seq, recordedAt: at, byOrg: 'a', units: [], details }
}

const NOTHING = { chargedAt: null, loadedAt: null, payloadG: null, weighings: [] }
const iso = (hour: number) => new Date(T0 + hour * HOUR).toISOString()

test.each<[string, EffectiveEvent[], object]>([
  ['nothing was packed', [event('collection', 0)], NOTHING],
  ['packed counts as the charge where nothing else is said', [event('packed', 5)], { chargedAt: 5, loadedAt: 5 }],
  ['it was charged the day before', [event('packed', 5, { chargedAt: iso(-20) })], { chargedAt: -20, loadedAt: 5 }],
  ['a charge after packing is no charge before it', [event('packed', 5, { chargedAt: iso(6) })], { chargedAt: 5 }],
  ['a charge that is no time', [event('packed', 5, { chargedAt: 'yesterday' })], { chargedAt: 5 }],
  [
    'the charged container before loading',
    [event('packed', 5, { chargedAt: iso(4), chargeWeightG: 8600 })],
    { chargedAt: 4, weighings: [[4, 8600, false]] },
  ],
  [
    'both weights tell the payload',
    [event('packed', 5, { chargeWeightG: 8600, weightG: 8900 })],
    {
      payloadG: 300,
      weighings: [
        [5, 8600, false],
        [5, 8900, true],
      ],
    },
  ],
  ['the payload as it is told', [event('packed', 5, { payloadG: 420, weightG: 8900 })], { payloadG: 420 }],
  [
    'a top-up begins anew, and earlier weights are of another charge',
    [event('packed', 0, { weightG: 8900 }), event('replenished', 50, { weightG: 8850 }), event('received', 60)],
    { chargedAt: 50, loadedAt: 0, weighings: [[50, 8850, true]] },
  ],
  [
    'the weight at receipt, or at any other event',
    [event('packed', 0), event('arrived', 10, { weightG: 8500 }), event('received', 20, { weightG: 8400 })],
    {
      weighings: [
        [10, 8500, true],
        [20, 8400, true],
      ],
    },
  ],
  [
    'weights that are none',
    [
      event('packed', 0, { weightG: '8.9 kg', chargeWeightG: -1, payloadG: 1e9 }),
      event('received', 1, { weightG: null }),
    ],
    { payloadG: null, weighings: [] },
  ],
])('%s', (_what, events, expected) => {
  const { chargedAt, loadedAt, payloadG, weighings } = chargeOf(events)
  const hours = (at: number | null) => at && (at - T0) / HOUR
  expect({
    chargedAt: hours(chargedAt),
    loadedAt: hours(loadedAt),
    payloadG,
    weighings: weighings.map(({ at, massG, loaded }) => [hours(at), massG, loaded]),
  }).toMatchObject(expected)
})
