import { describe, expect, test } from 'vitest'
import { check } from './excursion-table.ts'

/** Half an hour above 8 degrees, at once or in all. */
const SINGLE = 'level H > 8 single 30 major'
const SUM = 'level H > 8 cumulative 30 major'

describe('alarms', () => {
  test('a single run of exactly the allowance fires when it is reached, a millisecond less never', () => {
    check(`${SINGLE}\n 10:00 9\n 10:30 5\n H alarm: confirmed 10:30\n status: alarm major`)
    check(`${SINGLE}\n 10:00:00.001 9\n 10:30 5\n H alarm: none\n status: excursion_below_alarm`)
  })
  test('runs of a single level are not added, those of a cumulative one are', () => {
    const spells = '10:00 9\n 10:15 5\n 10:30 9\n 10:45 5'
    check(`${SINGLE}\n ${spells}\n H: 10:00-10:15, 10:30-10:45\n H alarm: none\n status: excursion_below_alarm`)
    check(`${SUM}\n ${spells}\n H: 10:00-10:15, 10:30-10:45\n H alarm: confirmed 10:45\n H time: 30 + 0`)
  })
  test('the first run that is long enough fires', () =>
    void check(`${SINGLE}
      10:00 9
      10:15 5
      10:30 9
      11:00 9
      11:15 5
      11:30 9
      12:00 5
      H alarm: confirmed 11:00`))
  test('a sum is reached inside a later run', () =>
    void check(`${SUM}\n 10:00 9\n 10:20 5\n 10:40 9\n 11:00 5\n H alarm: confirmed 10:50`))
  test('without allowance the first out reading fires', () =>
    void check(
      'level H > 8 single 0 critical\n 10:00 5\n 10:15 8.001\n H alarm: confirmed 10:15\n status: alarm critical',
    ))
  test('presumed time alone makes a presumed alarm, single and cumulative', () => {
    const silent = '10:00 9\n 10:15 5\n 10:30 9\n 11:30 5'
    check(`${SINGLE}\n ${silent}\n H alarm: presumed 11:00\n H time: 30 + 45\n status: indeterminate`)
    check(`level H > 8 cumulative 45 major\n ${silent}\n H alarm: presumed 11:00\n status: indeterminate`)
    check(`${SUM}\n ${silent}\n H alarm: confirmed 10:45\n status: alarm major`)
  })
  test('the status has the severity of the worst confirmed alarm, and every level keeps its own result', () =>
    void check(`
      level W > 8 single 15 warning
      level C > 15 single 15 critical
      level M > 10 single 15 major
      10:00 16
      11:00 16
      W alarm: confirmed 10:15
      C alarm: confirmed 10:15
      M alarm: confirmed 10:15
      status: alarm critical
      complete: no`))
  test('a presumed alarm adds no severity', () =>
    void check(`
      level W > 8 single 15 warning
      level C > 15 single 30 critical
      10:00 16
      11:00 16
      C alarm: presumed 10:30
      status: alarm warning`))
  test('nested levels each count their own time', () =>
    void check(`
      level W > 8 single 30 warning
      level M > 15 single 30 major
      10:00 9
      10:15 16
      10:30 9
      W: 10:00-10:45
      M: 10:15-10:30
      W out: 10:00 to 10:30 worst 16`))
})

describe('several placements', () => {
  test('time out is the union, never the sum and never the mean', () =>
    void check(`
      window 10:00 11:00
      sensor product 10:00-
      10:00 9
      10:30 5
      sensor product_backup 10:00-
      10:00 5
      10:15 9.5
      10:45 5
      H1: 10:00-10:45
      H1 time: 45 + 0
      H1 out: 10:00 to 10:15 worst 9.5
      H1 alarm: confirmed 10:30`))
  test('a backup fills a hole, but presumed time stays although another sensor read in range', () => {
    check(`
      window 10:00 11:15
      sensor product 10:00-
      10:00 5
      11:00 5
      sensor product_backup 10:00-
      10:00 5
      10:30 5
      11:00 5
      status: in_range
      complete: yes
      gaps:
      covered: 75`)
    check(`
      window 10:00 11:15
      sensor product 10:00-
      10:00 9
      11:00 5
      sensor product_backup 10:00-
      10:00 5
      10:30 5
      11:00 5
      status: indeterminate
      complete: yes
      gaps:
      H1: 10:00-11:00
      H1 time: 15 + 45
      H1 alarm: presumed 10:30`)
  })
  test('confirmed wins over presumed at an instant', () =>
    void check(`
      window 10:00 11:15
      sensor product 10:00-
      10:00 9
      11:00 5
      sensor product_backup 10:00-
      10:00 5
      10:30 9
      10:45 5
      11:00 5
      H1: 10:00-11:00
      H1 time: 30 + 30
      H1 out: 10:00 to 10:30 worst 9`))
  test('where fewer sensors than required have a value there is a gap, also while the rest is out', () => {
    const two = `
      every 15 gap 30 sensors 2
      window 10:00 11:15
      sensor product 10:00-
      10:00 5
      10:30 9
      11:00 5
      sensor product 10:00-
      10:00 5
      11:00 5`
    check(`${two}
      gaps: 10:15-11:00
      covered: 30
      H1: 10:30-11:00
      H1 alarm: confirmed 11:00
      status: alarm major
      complete: no`)
    check(two.replace('sensors 2', 'sensors 1').concat('\n gaps:\n covered: 75\n complete: yes'))
  })
  test('a short lead-in counts as present, not as covered', () =>
    void check(`
      every 15 gap 30 sensors 2
      window 10:00 11:00
      sensor product 10:00-
      10:00 5
      10:30 5
      sensor product 10:00-
      10:20 5
      10:45 5
      gaps:
      covered: 40
      status: in_range`))
  test('a swap goes on where the first placement ends', () =>
    void check(`
      window 10:00 10:45
      sensor product 10:00-10:15
      10:00 9
      10:15 30
      sensor product 10:15-
      10:15 9
      10:30 5
      H1: 10:00-10:30
      H1 alarm: confirmed 10:30
      H2:
      gaps:`))
  test('placements of nothing, or none at all, leave the whole window a gap', () => {
    check('window 10:00 11:00\n gaps: 10:00-11:00\n status: indeterminate\n complete: no\n covered: 0')
    check('window 10:00 11:00\n sensor ambient 10:00-\n 10:00 5\n 10:30 5\n gaps: 10:00-11:00\n status: indeterminate')
  })
  test('the latest reading of any product placement tells until when there are data', () =>
    void check(`
      window 10:00 11:00
      sensor product 10:00-
      10:45 5
      sensor product 10:00-
      10:30 5
      sensor ambient 10:00-
      10:59 5
      until: 10:45`))
})

describe('time without a placement', () => {
  const between = (before: string, after: string) => `
    window 10:00 11:00
    sensor product 10:00-10:15
    10:00 ${before}
    sensor product 10:45-
    10:45 ${after}
    gaps: 10:15-10:45`
  test('between good readings is a gap', () =>
    void check(`${between('5', '5')}\n H1:\n status: indeterminate\n covered: 30`))
  test('next to an out reading on either side is presumed out for that level', () => {
    check(`${between('9', '5')}\n H1: 10:00-10:45\n H1 time: 15 + 30\n L1:`)
    check(`${between('5', '9')}\n H1: 10:15-11:00\n H1 time: 15 + 30\n L1:`)
    check(`${between('1', '9')}\n H1: 10:15-11:00\n L1: 10:00-10:45`)
  })
  test('at the edges of the window it is judged by the one reading next to it', () => {
    check(
      'window 10:00 11:00\n sensor product 10:30-10:45\n 10:30 9\n H1: 10:00-11:00\n gaps: 10:00-10:30, 10:45-11:00',
    )
    check('window 10:00 11:00\n sensor product 10:30-10:45\n 10:30 5\n H1:\n gaps: 10:00-10:30, 10:45-11:00')
  })
  test('is not there while another placement goes on', () =>
    void check(`
      window 10:00 11:00
      sensor product 10:00-10:15
      10:00 9
      sensor product 10:00-10:45
      10:00 5
      10:30 5
      sensor product 10:45-
      10:45 5
      H1: 10:00-10:15
      gaps:`))
  test('a placement in between that measured nothing does not hide the out reading before it', () =>
    void check(`
      window 10:00 11:30
      sensor product 10:00-10:15
      10:00 9
      sensor product 10:15-10:30
      sensor product 11:00-
      11:00 5
      H1: 10:00-10:15, 10:30-11:00
      gaps: 10:15-11:00`))
  test('the reading nearest in time counts, although another placement ended later', () => {
    const silentLater = (early: string, late: string) => `
      window 10:00 12:00
      sensor product 10:00-11:00
      10:00 ${late}
      sensor product 10:00-10:45
      10:00 5
      10:30 ${early}
      sensor product 11:30-
      11:30 5`
    check(`${silentLater('9', '5')}\n H1: 10:30-10:45, 11:00-11:30`)
    check(`${silentLater('5', '9')}\n H1: 10:00-11:30`)
    check(`${silentLater('5', '5')}\n H1:`)
  })
  test('the same before the first readings that follow', () =>
    void check(`
      window 10:00 11:30
      sensor product 10:00-10:15
      10:00 5
      sensor product 10:30-
      11:00 5
      sensor product 10:45-
      10:45 9
      11:00 5
      H1: 10:15-10:30, 10:45-11:00`))
  test('reaching the end of an open window it is open', () =>
    void check(`
      window 10:00 11:00 open
      sensor product 10:00-10:15
      10:00 9
      gaps: 10:15-11:00 open
      H1: 10:00-11:00 open`))
})

test('lowest and highest are those of all judged readings, faults left out', () => {
  const judged = check(`
    window 10:00 11:00
    sensor product 10:00-
    10:00 5
    10:15 fault
    sensor product_backup 10:00-
    10:00 1
    10:15 9
    sensor ambient 10:00-
    10:00 30`)
  expect([judged.lowestMilliC, judged.highestMilliC]).toEqual([1000, 9000])
  const nothing = check('window 10:00 11:00\n sensor product 10:00-')
  expect([nothing.lowestMilliC, nothing.highestMilliC, nothing.dataUntilAt]).toEqual([null, null, null])
})
