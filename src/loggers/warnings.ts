import { type About, mainChannel, type StatedValue, serialsOf } from './about.ts'
import { quoted } from './question.ts'
import type { ChannelStatistics } from './statistics.ts'
import type { Survey } from './survey.ts'
import { offsetsOf, readZone, zoneText } from './zone.ts'

/** What somebody should look at, though the file was read; stable, public. */
export const WARNING_CODES = [
  /** the file declares another number of samples than it holds */
  'RECORD_INCOMPLETE',
  'NO_READINGS',
  'LINES_REJECTED',
  'FAULTS',
  /** steps longer than one and a half intervals */
  'GAPS',
  'INTERVAL_DIFFERS',
  'DUPLICATE_TIMES',
  'NOT_IN_ORDER',
  /** an hour that came twice was placed by the order of rows */
  'HOUR_TWICE',
  /** the file names a zone by letters that do not mean the one its times were read in */
  'ZONE_DIFFERS',
  'MINIMUM_DIFFERS',
  'MAXIMUM_DIFFERS',
  'MEAN_DIFFERS',
  'COLUMNS_NOT_READ',
  /** several devices in one file */
  'SERIALS_DIFFER',
] as const
export type WarningCode = (typeof WARNING_CODES)[number]

export type Warning = { code: WarningCode; text: string }

/** Compares what a file holds with what it says about itself, and with an even record. */
export function warningsOf(survey: Survey, about: About): Warning[] {
  const serials = serialsOf(survey)
  const found: (Warning | null)[] = [
    ...recordWarnings(survey, about),
    ...timeWarnings(survey, about),
    zoneWarning(survey),
    ...statisticWarnings(survey, about),
    warn(survey.notRead.length > 0, 'COLUMNS_NOT_READ', `not read: ${survey.notRead.map(quoted).join(', ')}`),
    warn(serials.length > 1, 'SERIALS_DIFFER', `serial numbers of several devices: ${serials.join(', ')}`),
  ]
  return found.flatMap((warning) => warning ?? [])
}

function warn(holds: boolean, code: WarningCode, text: string): Warning | null {
  return holds ? { code, text } : null
}

function recordWarnings({ rows, account, channels }: Survey, { declaredSamples }: About): (Warning | null)[] {
  const faults = channels.reduce((sum, { faults }) => sum + faults, 0)
  const texts = [...new Set(channels.flatMap(({ faultTexts }) => [...faultTexts.keys()]))].map(quoted).slice(0, 5)
  const first = account.rejected[0]
  const where = first === undefined ? '' : `, the first is line ${first.line} (${first.reason}): ${quoted(first.text)}`
  return [
    warn(rows === 0, 'NO_READINGS', 'the file has no row with a time'),
    warn(
      declaredSamples !== null && declaredSamples !== rows,
      'RECORD_INCOMPLETE',
      `the file declares ${declaredSamples} samples and holds ${rows}`,
    ),
    warn(account.kinds.rejected > 0, 'LINES_REJECTED', `${account.kinds.rejected} line(s) cannot be read${where}`),
    warn(faults > 0, 'FAULTS', `${faults} value(s) are faults of the device: ${texts.join(', ')}`),
  ]
}

function timeWarnings({ steps, decidedByOrder }: Survey, { declaredIntervalMs }: About): (Warning | null)[] {
  const { usualMs, largestMs, gaps, duplicateTimes, order } = steps
  const seconds = (ms: number | null) => `${(ms ?? 0) / 1000} s`
  return [
    warn(
      gaps > 0,
      'GAPS',
      `${gaps} step(s) longer than the usual ${seconds(usualMs)}, the longest ${seconds(largestMs)}`,
    ),
    warn(
      declaredIntervalMs !== null && usualMs !== null && declaredIntervalMs !== usualMs,
      'INTERVAL_DIFFERS',
      `the file declares an interval of ${seconds(declaredIntervalMs)}, its rows are ${seconds(usualMs)} apart`,
    ),
    warn(duplicateTimes > 0, 'DUPLICATE_TIMES', `${duplicateTimes} row(s) repeat the time of the row before`),
    warn(order === 'mixed', 'NOT_IN_ORDER', 'the rows go forward and backward in time'),
    warn(
      decidedByOrder > 0,
      'HOUR_TWICE',
      `${decidedByOrder} row(s) of an hour that came twice, placed by their order`,
    ),
  ]
}

/** The offsets in the year around the record decide: many names stand for one clock. */
function zoneWarning({ zoneStatement, plan: { zone }, first }: Survey): Warning | null {
  if (zoneStatement?.said !== 'abbreviation' || zone === null) return null
  const around = first?.at ?? 0
  const meant = zoneStatement.offers.flatMap((offer) => {
    const offered = readZone(offer)
    return offered === null ? [] : offsetsOf(offered, around)
  })
  return warn(
    !offsetsOf(zone, around).some((offset) => meant.includes(offset)),
    'ZONE_DIFFERS',
    `the file names ${zoneStatement.text}, its times were read in ${zoneText(zone)}`,
  )
}

function statisticWarnings(survey: Survey, { statistics }: About): (Warning | null)[] {
  const main = mainChannel(survey)
  if (main === null) return []
  const { minimum, maximum, mean } = statistics
  return [
    differing('MINIMUM_DIFFERS', minimum, extremeOf(main, 'minimum')),
    differing('MAXIMUM_DIFFERS', maximum, extremeOf(main, 'maximum')),
    // vendors cut or round the mean, and may have it from more digits than they print
    differing('MEAN_DIFFERS', mean, main.meanMilliC === null ? null : { milliC: main.meanMilliC, toleranceDigits: 1 }),
  ]
}

type Computed = { milliC: number; toleranceDigits: number }

function extremeOf(main: ChannelStatistics, which: 'minimum' | 'maximum'): Computed | null {
  const milliC = main[which]?.milliC ?? null
  return milliC === null ? null : { milliC, toleranceDigits: 0 }
}

function differing(code: WarningCode, stated: StatedValue | null, computed: Computed | null): Warning | null {
  if (stated === null || computed === null) return null
  // half a milli-degree more: what the door rounds
  const tolerated = computed.toleranceDigits * stated.digitMilliC + 1
  const differs = Math.abs(stated.milliC - computed.milliC) > tolerated
  const [theirs, ours] = [stated, computed].map(({ milliC }) => `${(milliC / 1000).toFixed(3)} degrees Celsius`)
  return warn(differs, code, `the file states ${stated.text}, which is ${theirs}; its rows give ${ours}`)
}
