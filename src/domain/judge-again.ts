import { type Assessment, assess } from './assess.ts'
import type { CertificateBody, CertifiedPlacement, CertifiedReading } from './certificate-form.ts'
import { effectiveEvents } from './custody-effective.ts'
import type { CustodyEvent } from './custody-event.ts'
import { contentOf, inputsOf, servedStatus, statisticsOf } from './evaluation-record.ts'
import { ALL_LEVELS, DIFFERS, emptyState, type FoldState, type Interval, type Row } from './excursion.ts'
import { JUDGES, type Judge } from './judge-versions.ts'
import { judgedPlacement, type PlacementFacts, type ShipmentFacts } from './judging-facts.ts'
import type { RootedReading } from './readings-root.ts'
import { isBeyond, judgedRows } from './readout.ts'
import { judgingWindow } from './window.ts'

/** What the readings of a certificate come to when they are judged again. */
export type Replayed = {
  readonly assessment: Assessment
  readonly content: ReturnType<typeof contentOf>
  readonly inputs: ReturnType<typeof inputsOf>
  readonly statistics: ReturnType<typeof statisticsOf>
  readonly temperature: CertificateBody['temperature']
  readonly monitored: CertificateBody['monitored']
}

/** What is needed to judge: limits, sensors and placements with their readings, and the events that set the window. */
export type Judgeable = Pick<CertificateBody, 'software' | 'shipment' | 'profile' | 'sensors' | 'placements'> & {
  readonly events: readonly CustodyEvent[]
}

/**
 * Judges a shipment again from nothing but the certificate: the window from its custody events, the limits from its
 * profile version, the readings from its placements; by the same fold and combination as the service, and by the judge
 * that judged it then. Null: this program does not know that judge.
 */
export function judgeAgain(given: Judgeable): Replayed | null {
  const judge = JUDGES.byVersion.get(given.software.judgeVersion)
  return judge === undefined ? null : judgedBy(judge, given)
}

function judgedBy(judge: Judge, given: Judgeable): Replayed {
  const shipment = shipmentFacts(given, judge)
  const folded = shipment.placements.map((placement, index) => {
    const { live = [], memory = [] } = given.placements[index] ?? {}
    return fold(placement, shipment.profile.levels.length, { live: rowsOf(live), memory: rowsOf(memory) })
  })
  const assessment = assess(shipment, folded, 'stored')
  const content = contentOf(assessment)
  const { severity, complete, reasons } = content
  return {
    assessment,
    content,
    inputs: inputsOf(assessment),
    statistics: statisticsOf(assessment),
    temperature: { status: servedStatus(content), severity, complete, reasons },
    monitored: monitoredOf(assessment),
  }
}

/** The readings of the judged placements within their window, as they lie under a root. */
export function rootedReadings(given: Judgeable): RootedReading[] {
  return shipmentFacts(given, JUDGES.current).placements.flatMap(({ sensorId, channel, rules }, index) => {
    const { live = [], memory = [], takenBack = [] } = given.placements[index] ?? {}
    const of = (source: RootedReading['source'], readings: readonly CertifiedReading[]) =>
      readings.flatMap(([at, milliC]) =>
        rules.fromAt <= at && at < rules.toAt ? [{ sensorId, channel, at, source, milliC }] : [],
      )
    return [...of('live', live), ...of('readout', memory), ...of('readout', takenBack)]
  })
}

function shipmentFacts(given: Judgeable, judge: Judge): ShipmentFacts {
  const { shipment, profile, sensors, placements, events } = given
  const terms = { consigneeOrg: shipment.consignee, loadingMs: profile.limits.loadingMs }
  const found = judgingWindow(effectiveEvents(events), terms)
  const toAt = found.state === 'closed' ? found.toAt : Number.POSITIVE_INFINITY
  const window = found.state === 'not_packed' ? null : { fromAt: found.fromAt, toAt }
  const around = { judge, profileId: profile.id, profile: profile.limits, window }
  return {
    ...around,
    shipmentId: shipment.id,
    judgeFromAt: null,
    archives: [],
    placements: placements.map((placed) => judgedPlacement(...placing(placed, sensors, around))),
  }
}

type Window = Pick<ShipmentFacts, 'judge' | 'profileId' | 'profile' | 'window'>

function placing(
  {
    namedCertificate,
    certificates,
    doubts,
    readouts,
    toAt,
    live: _live,
    memory: _memory,
    takenBack: _takenBack,
    ...placed
  }: CertifiedPlacement,
  sensors: CertificateBody['sensors'],
  around: Window,
): Parameters<typeof judgedPlacement> {
  const sensor = sensors.find(({ id }) => id === placed.sensorId)
  const { range = null, noisy = false } = sensor ?? {}
  const whole = { ...placed, toAt: toAt ?? Number.POSITIVE_INFINITY, calibrationId: namedCertificate, range, noisy }
  return [whole, { ...around, certificates, doubtsIn: () => doubts, readouts }]
}

function rowsOf(readings: readonly CertifiedReading[]): Row[] {
  return readings.map(([at, milliC]) => ({ at, milliC }))
}

type Folded = { placement: PlacementFacts; state: FoldState; intervals: Interval[] }

function fold(placement: PlacementFacts, levels: number, said: { live: Row[]; memory: Row[] }): Folded {
  const { rules, readouts } = placement
  const { rows, differing } =
    readouts.length === 0
      ? { rows: said.live, differing: [] }
      : judgedRows({ ...said, readouts, scope: rules, isOut: isBeyond(rules) })
  const state = emptyState(levels)
  const inside = rows.filter(({ at }) => rules.fromAt <= at && at < rules.toAt)
  for (const row of inside.toSorted((a, b) => a.at - b.at)) placement.judge.take(state, rules, row)
  const differences = differing.map(({ at, milliC }): Interval => {
    return { level: ALL_LEVELS, kind: DIFFERS, fromAt: at, toAt: at, lastOutAt: null, extreme: milliC }
  })
  return { placement, state, intervals: [...state.closed.splice(0), ...differences] }
}

/** Without the gaps at both ends; null where nothing was measured at all. */
function monitoredOf({ span, combined }: Assessment): CertificateBody['monitored'] {
  if (span === null || combined === null || combined.valid === 0) return null
  const first = combined.gaps.find(({ fromAt }) => fromAt === span.fromAt)
  const last = combined.gaps.findLast(({ toAt }) => toAt === span.toAt)
  const [fromAt, toAt] = [first?.toAt ?? span.fromAt, last?.fromAt ?? span.toAt]
  return fromAt < toAt ? { fromAt, toAt } : null
}
