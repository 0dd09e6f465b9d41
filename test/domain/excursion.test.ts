import { describe, test } from 'vitest'
import { check } from './excursion-table.ts'

describe('hold', () => {
  test('a reading holds until the next one when that is maxGap away, a millisecond more is a gap', () => {
    const next = (at: string) => `10:00 5\n ${at} 5`
    check(`${next('10:30')}\n status: in_range\n gaps:\n covered: 45`)
    check(`${next('10:30:00.001')}\n status: indeterminate\n gaps: 10:15-10:30:00.001\n covered: 30`)
  })
  test('a reading too far from the next holds for one interval, and the rest is a gap', () =>
    void check('10:00 5\n 11:00 5\n gaps: 10:15-11:00\n covered: 30\n status: indeterminate\n complete: no'))
  test('the last reading holds to the end of a window that is near, else for one interval', () => {
    check('window 10:00 10:30\n 10:00 5\n gaps:\n covered: 30\n status: in_range\n complete: yes')
    check('window 10:00 10:30:00.001\n 10:00 5\n gaps: 10:15-10:30:00.001\n covered: 15')
  })
  test('a hold never reaches past the next reading, however long the interval', () =>
    void check(`every 15 gap 5
      10:00 9
      10:10 5
      window 10:00 10:20
      H1: 10:00-10:10
      gaps:
      covered: 20`))
  test('a lead-in of maxGap is neither value nor gap, a millisecond more is a gap', () => {
    const first = (from: string) => `window ${from} 10:45\n 10:30 5`
    check(`${first('10:00')}\n gaps:\n covered: 15\n status: in_range`)
    check(`${first('9:59:59.999')}\n gaps: 09:59:59.999-10:30\n covered: 15\n status: indeterminate`)
  })
  test('a window without any reading is a gap, however short', () => {
    check('window 10:00 10:01\n sensor product 10:00-\n gaps: 10:00-10:01\n status: indeterminate\n until: never')
    check('window 10:00 10:01\n gaps: 10:00-10:01\n status: indeterminate\n complete: no')
  })
})

describe('clean', () => {
  test.each(['fault', '-270', '-271', '150', '999'])(
    '%s is a hole, not a value',
    (value) =>
      void check(`
      10:00 5
      10:15 ${value}
      10:30 ${value}
      10:45 5
      counts: 2 valid, 2 faults, 0 duplicates, 0 conflicts, 0 outside
      gaps: 10:15-10:45
      H2:
      L1:`),
  )
  test('a value just inside the fault codes is a temperature', () =>
    void check(`
      level H > 100 single 0 critical
      10:00 149.999
      10:15 -269.999
      counts: 2 valid, 0 faults, 0 duplicates, 0 conflicts, 0 outside
      H: 10:00-10:15`))
  test('a value at either end of the range of the sensor is saturated, whatever its correction', () =>
    void check(`
      sensor product 10:00- +0.3 -40..60
      10:00 -40
      10:15 60
      10:30 59.999
      10:45 -39.999
      counts: 2 valid, 2 faults, 0 duplicates, 0 conflicts, 0 outside
      H2 out: 10:30 to 10:30 worst 60.299`))
  test('an equal value at an instant is dropped, a different one is kept and the worse counts per level', () =>
    void check(`
      10:00 5
      10:15 5
      10:15 9
      10:15 5
      10:15 1
      10:15 9
      10:30 5
      counts: 3 valid, 0 faults, 2 duplicates, 2 conflicts, 0 outside
      H1: 10:15-10:30
      L1: 10:15-10:30
      H1 out: 10:15 to 10:15 worst 9
      L1 out: 10:15 to 10:15 worst 1`))
  test('a fault beside a value at an instant leaves the value, and a repeated fault is a duplicate', () =>
    void check(`
      10:00 fault
      10:00 5
      10:00 fault
      10:15 fault
      10:15 150
      counts: 1 valid, 3 faults, 1 duplicates, 0 conflicts, 0 outside
      status: in_range`))
  test('what lies outside window or placement is counted and not judged', () =>
    void check(`
      window 10:00 11:00
      sensor product 10:00-10:45
      9:59 30
      10:00 5
      10:30 5
      10:45 30
      11:00 30
      counts: 2 valid, 0 faults, 0 duplicates, 0 conflicts, 3 outside
      H2:
      gaps: 10:45-11:00`))
})

describe('compare', () => {
  test('exactly at the limit is in range, a milli-degree beyond is out', () => {
    check('10:00 8\n 10:15 2\n status: in_range\n H1:\n L1:')
    check('10:00 8.001\n 10:15 1.999\n status: excursion_below_alarm\n H1: 10:00-10:15\n L1: 10:15-10:30')
  })
  test('the correction comes before the limit', () => {
    check('sensor product 10:00- +0.3\n 10:00 7.7\n status: in_range')
    check('sensor product 10:00- +0.3\n 10:00 7.701\n status: excursion_below_alarm')
  })
  test('a guard band moves the limits inward on both sides', () => {
    check('sensor product 10:00- guard=0.5\n 10:00 7.5\n 10:15 2.5\n status: in_range')
    check('sensor product 10:00- guard=0.5\n 10:00 7.501\n 10:15 2.499\n H1: 10:00-10:15\n L1: 10:15-10:30')
  })
})

describe('gaps', () => {
  test('a gap between good readings is unknown, never in range', () =>
    void check('10:00 5\n 11:00 5\n H1:\n H1 alarm: none\n gaps: 10:15-11:00\n status: indeterminate'))
  test.each([
    ['before', '10:00 9\n 11:00 5', '10:00-11:00'],
    ['after', '10:00 5\n 11:00 9', '10:15-11:15'],
    ['on both sides', '10:00 9\n 11:00 9', '10:00-11:15'],
  ])(
    'a gap next to an out reading %s is presumed out',
    (_side, readings, event) =>
      void check(`${readings}\n H1: ${event}\n L1:\n gaps: 10:15-11:00\n status: indeterminate`),
  )
  test('presumed time is kept apart and only makes a presumed alarm', () =>
    void check(`
      10:00 9
      11:00 9
      11:15 5
      H1 time: 30 + 45
      H1 alarm: presumed 10:30
      H1 out: 10:00 to 11:00 worst 9
      status: indeterminate`))
  test('a confirmed alarm wins over a presumed one that is earlier', () =>
    void check(`
      10:00 9
      11:00 9
      11:15 9
      11:30 5
      H1 alarm: confirmed 11:30
      status: alarm major
      complete: no
      gaps: 10:15-11:00`))
  test('a long lead-in before an out reading and a silent end after one are presumed out', () =>
    void check(`
      window 10:00 12:00
      11:00 9
      H1: 10:00-12:00
      H1 time: 15 + 105
      gaps: 10:00-11:00, 11:15-12:00`))
  test('an out value that arrives late for an instant after a gap makes the gap presumed', () =>
    void check('10:00 5\n 11:00 5\n 11:00 9\n H1: 10:15-11:15'))
  test('a gap after two values of an instant is presumed by the worse of each side', () =>
    void check('10:00 9\n 10:00 1\n 11:00 5\n H1: 10:00-11:00\n L1: 10:00-11:00'))
})

describe('open windows', () => {
  test('the reading at the horizon counts: without allowance the alarm comes at once', () =>
    void check(`
      window 10:00 10:15 open
      10:00 5
      10:15 15.001
      status: alarm critical
      H2: 10:15-10:15 open
      H2 alarm: confirmed 10:15
      H2 time: 0 + 0
      H2 out: 10:15 to 10:15 worst 15.001
      H1: 10:15-10:15 open
      H1 alarm: none
      until: 10:15
      covered: 15
      gaps:`))
  test('the reading at the end of a closed window does not count', () =>
    void check('window 10:00 10:15\n 10:00 5\n 10:15 30\n status: in_range\n H2:\n until: 10:00'))
  test('a window that has just opened is judged by its one reading', () => {
    check('window 10:00 10:00 open\n 10:00 5\n status: in_range\n complete: yes\n covered: 0')
    check('window 10:00 10:00 open\n 10:00 0.5\n L1: 10:00-10:00 open\n status: excursion_below_alarm')
    check('window 10:00 10:00 open\n sensor product 10:00-\n status: indeterminate\n complete: no\n gaps:')
  })
  test('an event and a gap that reach the horizon are open, earlier ones are not', () => {
    check('window 10:00 10:45 open\n 10:00 9\n 10:15 5\n 10:30 9\n 10:45 9\n H1: 10:00-10:15, 10:30-10:45 open')
    check('window 10:00 11:30 open\n 10:00 5\n 10:45 5\n gaps: 10:15-10:45, 11:00-11:30 open')
    check('window 10:00 11:30\n 10:00 9\n 10:45 9\n gaps: 10:15-10:45, 11:00-11:30\n H1: 10:00-11:30')
  })
  test('a reading in range at the horizon ends the event there', () =>
    void check('window 10:00 10:15 open\n 10:00 9\n 10:15 5\n H1: 10:00-10:15 open\n H1 out: 10:00 to 10:00 worst 9'))
  test('a gap that an out reading at the horizon ends is presumed, and the event goes on', () =>
    void check(`
      window 10:00 11:00 open
      10:00 5
      11:00 9
      H1: 10:15-11:00 open
      H1 time: 0 + 45
      H1 out: 11:00 to 11:00 worst 9
      status: indeterminate`))
  test('a placement that ends at the horizon does not measure there', () =>
    void check(`
      window 10:00 10:15 open
      sensor product 10:00-10:15
      10:00 5
      10:15 30
      status: in_range
      counts: 1 valid, 0 faults, 0 duplicates, 0 conflicts, 1 outside`))
})
