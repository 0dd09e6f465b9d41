import type { Profile } from './profile.ts'

/**
 * Calibration (domain page 2.5): corrected = raw + correction, correction = reference - indicated, piecewise linear
 * between the points of the certificate and constant outside.
 */
export type Certificate = {
  id: number
  /** The number the laboratory gave it. */
  certificate: string
  calibratedAt: number
  dueAt: number
  uncertaintyMilliC: number
  /** Ascending by indicated temperature. */
  points: { atMilliC: number; correctionMilliC: number }[]
}

/**
 * The certificate that rules a reading: the one its placement names, else the newest dated at or before the reading.
 * `certificates` ascend by date; null when none is old enough.
 */
export function certificateAt(
  certificates: readonly Certificate[],
  named: number | null,
  at: number,
): Certificate | null {
  if (named !== null) return certificates.find((certificate) => certificate.id === named) ?? null
  // a loop: asked for every reading, where a closure costs more than the answer
  for (let index = certificates.length - 1; index >= 0; index--) {
    const certificate = certificates[index]
    if (certificate !== undefined && certificate.calibratedAt <= at) return certificate
  }
  return null
}

/** Raw milli-degrees to corrected ones; the corrected value is rounded once more, half away from zero. */
export function corrected(certificate: Certificate | null, rawMilliC: number): number {
  return certificate === null ? rawMilliC : halfAwayFromZero(rawMilliC + correction(certificate, rawMilliC))
}

function correction(certificate: Certificate, rawMilliC: number): number {
  const { points } = certificate
  let next = 0
  while (next < points.length - 1 && (points[next]?.atMilliC ?? rawMilliC) < rawMilliC) next++
  const above = points[next]
  if (above === undefined) return 0
  if (above.atMilliC <= rawMilliC) return above.correctionMilliC
  const below = points[next - 1] ?? above
  const span = above.atMilliC - below.atMilliC
  if (span === 0) return above.correctionMilliC
  const slope = (above.correctionMilliC - below.correctionMilliC) * (rawMilliC - below.atMilliC)
  return below.correctionMilliC + slope / span
}

function halfAwayFromZero(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value)) + 0
}

/** Why a placement's calibration cannot carry a verdict; null when it can. */
export type CalibrationProblem =
  | 'no_certificate'
  | 'expired'
  | 'dated_after_start'
  | 'limit_outside_points'
  | 'found_out_of_tolerance'

/** How a laboratory found a sensor before it adjusted anything. */
export const AS_FOUND = ['within', 'out_of_tolerance'] as const
export type AsFound = (typeof AS_FOUND)[number]

/**
 * Time in which nobody knows what a sensor really measured: a later certificate found it out of tolerance, so since the
 * one before (domain page 2.5: all shipments since the last good calibration). `fromAt` null: there was none before.
 */
export type Doubt = { readonly certificateId: number; readonly fromAt: number | null; readonly toAt: number }

/** The doubts of a sensor channel that touch some time `[fromAt, toAt)`; `certificates` ascend by date. */
export function doubtsOf(
  certificates: readonly (Certificate & { readonly asFound: AsFound | null })[],
  { fromAt, toAt }: { fromAt: number; toAt: number },
): Doubt[] {
  const doubts = certificates.flatMap(({ id, calibratedAt, asFound }, index) => {
    if (asFound !== 'out_of_tolerance') return []
    return [{ certificateId: id, fromAt: certificates[index - 1]?.calibratedAt ?? null, toAt: calibratedAt }]
  })
  return doubts.filter((doubt) => isTouched(doubt, { fromAt, toAt }))
}

function isTouched(doubt: Doubt, { fromAt, toAt }: { fromAt: number; toAt: number }): boolean {
  return (doubt.fromAt ?? Number.NEGATIVE_INFINITY) < toAt && doubt.toAt > fromAt
}

/**
 * Whether the certificates cover a placement: each judged limit inside the calibrated range, valid over the whole of
 * `[fromAt, toAt)`, and no later one found the sensor out of tolerance. CALIBRATION_INVALID otherwise.
 */
export function calibrationProblem(
  certificates: readonly Certificate[],
  named: number | null,
  judged: { fromAt: number; toAt: number; profile: Profile; doubts?: readonly Doubt[] },
): CalibrationProblem | null {
  if ((judged.doubts ?? []).some((doubt) => isTouched(doubt, judged))) return 'found_out_of_tolerance'
  const ruling = rulingCertificates(certificates, named, judged)
  if (ruling.length === 0) return 'no_certificate'
  if (ruling[0] !== undefined && ruling[0].calibratedAt > judged.fromAt) return 'dated_after_start'
  for (const [index, certificate] of ruling.entries()) {
    const until = ruling[index + 1]?.calibratedAt ?? judged.toAt
    if (certificate.dueAt < until) return 'expired'
    const low = certificate.points[0]?.atMilliC ?? Number.POSITIVE_INFINITY
    const high = certificate.points.at(-1)?.atMilliC ?? Number.NEGATIVE_INFINITY
    const limits = judged.profile.levels.map((level) => level.limitMilliC)
    if (limits.some((limit) => limit < low || limit > high)) return 'limit_outside_points'
  }
  return null
}

/** The certificates that can rule a reading of `[fromAt, toAt)`: the named one, else those in turn that are newest. */
export function rulingCertificates<Ruling extends Certificate>(
  certificates: readonly Ruling[],
  named: number | null,
  { fromAt, toAt }: { fromAt: number; toAt: number },
): Ruling[] {
  if (named !== null) return certificates.filter((certificate) => certificate.id === named)
  const start = certificates.findLastIndex((certificate) => certificate.calibratedAt <= fromAt)
  return certificates.filter(
    (certificate, index) => index === start || (index > start && certificate.calibratedAt < toAt),
  )
}
