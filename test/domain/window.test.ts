import { expect, test } from 'vitest'
import { effectiveEvents } from '../../src/domain/custody-effective.ts'
import { judgingWindow } from '../../src/domain/window.ts'
import { clock, eventsOf } from './custody-table.ts'

/** `08:00-` open, `08:00-54:20 opened` closed. */
function windowOf(table: string, loadingMs = 0): string {
  const window = judgingWindow(effectiveEvents(eventsOf(table)), { consigneeOrg: 'centre', loadingMs })
  if (window.state === 'not_packed') return window.state
  const text = (at: number) => {
    const minutes = (at - clock('00:00')) / 60_000
    return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':')
  }
  return window.state === 'open'
    ? `${text(window.fromAt)}-`
    : `${text(window.fromAt)}-${text(window.toAt)} ${window.closedBy}`
}

const PACKED = '08:00 maker packed\n'
const RECEIVED = `${PACKED} 54:12 centre received\n`

test.each([
  [
    'without packing there is no window',
    '08:00 maker logger_paired\n 54:12 centre received\n 54:20 centre opened',
    'not_packed',
  ],
  ['it runs from the first unit packed', '08:30 maker packed\n 08:00 maker packed', '08:00-'],
  [
    'pairing a logger earlier or later does not move it',
    `07:00 maker logger_paired\n ${PACKED} 09:00 maker logger_paired`,
    '08:00-',
  ],
  ['a voided packing opens nothing', `${PACKED} 08:05 maker correction corrects=1 void`, 'not_packed'],
  ['received does not close it', RECEIVED, '08:00-'],
  [
    'customs opening and resealing do not',
    `${RECEIVED} 30:00 courier opened authority=customs\n 30:20 courier resealed`,
    '08:00-',
  ],
  ['an opening by somebody else after receipt does not', `${RECEIVED} 54:20 courier opened`, '08:00-'],
  [
    'the first opening by the consignee after its receipt does',
    `${RECEIVED} 55:00 centre opened\n 54:20 centre opened`,
    '08:00-54:20 opened',
  ],
  ['an opening by the consignee before its receipt does not', `${RECEIVED} 54:00 centre opened`, '08:00-'],
  ['a receipt by the carrier does not count', `${PACKED} 54:00 courier received\n 54:20 centre opened`, '08:00-'],
  [
    'opened rules over what came before it',
    `${RECEIVED} 54:15 centre unpacked\n 54:20 centre opened`,
    '08:00-54:20 opened',
  ],
  [
    'without opened the first of the others',
    `${RECEIVED} 54:30 centre accepted\n 54:25 centre unpacked`,
    '08:00-54:25 unpacked',
  ],
  ['quarantined closes it', `${RECEIVED} 54:30 centre quarantined`, '08:00-54:30 quarantined'],
  ['also when receipt was not recorded', `${PACKED} 54:30 centre accepted`, '08:00-54:30 accepted'],
  ['unpacked by somebody else does not', `${RECEIVED} 54:25 depot unpacked`, '08:00-'],
  ['refused, lost and cancelled close it for anyone', `${PACKED} 30:00 courier lost`, '08:00-30:00 lost'],
  [
    'whichever comes first by at',
    `${RECEIVED} 54:20 centre opened\n 54:13 centre refused\n 54:14 maker cancelled`,
    '08:00-54:13 refused',
  ],
  ['a later loss does not lengthen it', `${RECEIVED} 54:20 centre opened\n 60:00 centre lost`, '08:00-54:20 opened'],
  ['cancelled before packing closes nothing', `07:00 maker cancelled\n ${PACKED}`, '08:00-'],
])('%s', (_rule, table, expected) => expect(windowOf(table)).toBe(expected))

test('loading time is left out, and a window that ends within it is empty, never negative', () => {
  expect(windowOf(PACKED, 30 * 60_000)).toBe('08:30-')
  expect(windowOf(`${PACKED} 08:10 maker cancelled`, 30 * 60_000)).toBe('08:30-08:30 cancelled')
})
