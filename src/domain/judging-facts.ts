import { type Certificate, certificateAt, corrected, type Doubt, rulingCertificates } from './calibration.ts'
import type { FoldRules } from './excursion.ts'
import type { Judge } from './judge-versions.ts'
import type { Profile } from './profile.ts'
import type { Readout } from './readout.ts'

/** All that decides a shipment's judgement, except its readings. */
export type ShipmentFacts = {
  shipmentId: number
  judge: Judge
  profileId: number
  profile: Profile
  /** Null: not packed. `toAt` is Infinity while the window is open. */
  window: { fromAt: number; toAt: number } | null
  judgeFromAt: number | null
  /** Judged roles only, in order of id. */
  placements: PlacementFacts[]
  /** Archives that hold readings it is judged by: it cannot be judged until they are restored. */
  archives: string[]
}

/** A sensor channel that rides with a shipment, as it is on record; `toAt` is Infinity where it has no end. */
export type PlacedSensor = {
  id: number
  sensorId: number
  channel: string
  role: string
  fromAt: number
  toAt: number
  /** The certificate the placement names. */
  calibrationId: number | null
  noisy: boolean
  /** The sensor's registered range. */
  range: FoldRules['range']
}

export type PlacementFacts = Omit<PlacedSensor, 'range'> & {
  judge: Judge
  /** The certificate the placement names, and those that rule within placement and window, ascending by date. */
  certificates: Certificate[]
  /** When nobody knows what it really measured, within placement and window; mostly never. */
  doubts: Doubt[]
  /** What was read out of the sensor's memory within placement and window, in order of id; mostly nothing. */
  readouts: PlacedReadout[]
  /** Rules of the fold within placement and window. */
  rules: FoldRules
  /** Names everything a stored fold depends on beside readings; another one makes every checkpoint a miss. */
  fingerprint: string
}

/** A read-out as it rules a placement. */
export type PlacedReadout = Readout & { id: number; importId: number }

/** What rules a placement: the shipment's limits and window, and what is known of its sensor channel. */
export type Around = Pick<ShipmentFacts, 'judge' | 'profileId' | 'profile' | 'window'> & {
  /** Every certificate in force of the channel, ascending by date. */
  certificates: readonly Certificate[]
  /** The doubts about the channel that touch some time `[fromAt, toAt)`. */
  doubtsIn: (time: { fromAt: number; toAt: number }) => Doubt[]
  /** Every read-out of the channel that stands, in order of id; `intervalMs` null: a single row has no step. */
  readouts: readonly (Omit<PlacedReadout, 'intervalMs'> & { intervalMs: number | null })[]
}

/** The facts by which a placement is judged. */
export function judgedPlacement({ range, ...placed }: PlacedSensor, around: Around): PlacementFacts {
  const scope = {
    fromAt: Math.max(placed.fromAt, around.window?.fromAt ?? placed.fromAt),
    toAt: Math.min(placed.toAt, around.window?.toAt ?? Number.POSITIVE_INFINITY),
  }
  const named = placed.calibrationId
  // one that rules nothing here (dated later, outdated before) must neither move a limit nor make a new version
  const certificates = rulingCertificates(around.certificates, named, scope)
  const readouts = around.readouts
    .filter((readout) => readout.fromAt < scope.toAt && readout.toAt >= scope.fromAt)
    .map((readout) => ({ ...readout, intervalMs: readout.intervalMs ?? around.profile.nominalIntervalMs }))
  const uncertainty = certificates.map((certificate) => certificate.uncertaintyMilliC)
  const rules = around.judge.foldRules(
    around.profile,
    {
      correct: (at, raw) => corrected(certificateAt(certificates, named, at), raw),
      range,
      guardBandMilliC: Math.max(0, ...uncertainty),
    },
    scope,
  )
  const ids = certificates.map((certificate) => certificate.id)
  const fingerprint = [
    ...[around.judge.version, around.profileId, scope.fromAt, named ?? '', ...ids],
    ...readouts.map(({ id }) => `r${id}`),
  ].join(':')
  const doubts = around.doubtsIn(scope)
  return { ...placed, judge: around.judge, certificates, doubts, readouts, rules, fingerprint }
}
