import { type About, aboutOf } from './about.ts'
import type { Account } from './account.ts'
import type { UnitSource } from './columns.ts'
import type { Encoding } from './lines.ts'
import type { Quantity, QuantityUnit } from './quantity.ts'
import type { ChannelStatistics, Extreme, Steps } from './statistics.ts'
import type { Survey } from './survey.ts'
import { type Warning, warningsOf } from './warnings.ts'
import { zoneText } from './zone.ts'

/**
 * What a file is and holds, as plain data: told to whoever imports it, and kept with the import. Instants are epoch
 * milliseconds, temperatures milli-degrees Celsius, texts as the file writes them.
 */
export type FileSummary = Omit<About, 'statistics' | 'zone'> & {
  encoding: Encoding
  zone: { stated: string | null; used: string | null }
  dateOrder: { order: string | null; because: string }
  statistics: Record<keyof About['statistics'], string | null>
  rows: number
  /** Rows the device itself marks, as out of its limits. */
  marked: number
  first: Moment | null
  last: Moment | null
  steps: Steps
  channels: ChannelSummary[]
  notRead: string[]
  account: Account
  warnings: Warning[]
}

export type Moment = { text: string; at: number }

export type ChannelSummary = {
  name: string
  channel: string
  quantity: Quantity
  unit: QuantityUnit | null
  unitFrom: UnitSource
  readings: number
  faults: number
  minimum: Extreme | null
  maximum: Extreme | null
  resolutionMilliC: number | null
}

/** The summary of a surveyed file. */
export function summaryOf(survey: Survey): FileSummary {
  const about = aboutOf(survey)
  const { statistics, zone, ...said } = about
  const { plan } = survey
  const moment = (one: { timeText: string; at: number } | null) => one && { text: one.timeText, at: one.at }
  return {
    ...said,
    encoding: survey.encoding,
    zone: { stated: zone, used: plan.zone === null ? null : zoneText(plan.zone) },
    dateOrder: { order: plan.order, because: survey.orderBecause },
    statistics: {
      minimum: statistics.minimum?.text ?? null,
      maximum: statistics.maximum?.text ?? null,
      mean: statistics.mean?.text ?? null,
      meanKineticTemperature: statistics.meanKineticTemperature?.text ?? null,
    },
    rows: survey.rows,
    marked: survey.marked,
    first: moment(survey.first),
    last: moment(survey.last),
    steps: survey.steps,
    channels: survey.channels.map(channelSummary),
    notRead: survey.notRead,
    account: survey.account,
    warnings: warningsOf(survey, about),
  }
}

function channelSummary(one: ChannelStatistics): ChannelSummary {
  const { name, channel, quantity, unitFrom } = one.channel
  const { unit, readings, faults, minimum, maximum, resolutionMilliC } = one
  return { name, channel, quantity, unit, unitFrom, readings, faults, minimum, maximum, resolutionMilliC }
}
