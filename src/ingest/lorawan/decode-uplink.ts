import type { DecodedUplink } from '../../context.ts'
import { isoInstant, isUnitCode, toMilliC } from '../../domain/units.ts'
import type { DecoderName, Decoding, Uplink } from '../../domain/uplink.ts'
import { isUnclear, observe } from '../observing.ts'
import { emptyFound, type Found, take, takeObservation } from '../taking.ts'
import { decodeCayenneLpp } from './cayenne-lpp.ts'
import { readDecodedFields } from './decoded-fields.ts'
import { decodeDraginoLht52 } from './dragino-lht52.ts'
import { decodeDraginoLht65n } from './dragino-lht65n.ts'
import { decodeElsys } from './elsys.ts'
import { type Decoded, type Decoder, isWrong, type Measurement } from './measurement.ts'
import { decodeMilesightEm300Th } from './milesight-em300-th.ts'
import { decodeMilesightEm500Pt100 } from './milesight-em500-pt100.ts'

/**
 * Reads an uplink the way its sensor is registered. A value has the device's own time stamp where it carries one, else
 * the time the network received it. Pure; never throws. `receivedAt` is the service's clock, for implausible times.
 */
export function decodeUplink(uplink: Uplink, decoding: Decoding, receivedAt: number): DecodedUplink {
  const decoded = measurementsOf(uplink, decoding)
  if (isWrong(decoded)) return decoded
  const found = emptyFound(receivedAt)
  for (const [index, measurement] of decoded.measured.entries()) {
    const unclear = put(found, index, { ...measurement, at: measurement.at ?? uplink.at })
    if (unclear !== null) return { wrong: unclear }
  }
  const { readings, observations, held } = found
  return { readings, observations, held }
}

/** A new device is a file and a line here. */
const BY_NAME: Record<Exclude<DecoderName, 'decoded'>, Decoder> = {
  cayenne_lpp: decodeCayenneLpp,
  dragino_lht52: decodeDraginoLht52,
  dragino_lht65n: decodeDraginoLht65n,
  elsys: decodeElsys,
  milesight_em300_th: decodeMilesightEm300Th,
  milesight_em500_pt100: decodeMilesightEm500Pt100,
}

function measurementsOf({ bytes, fPort, decoded }: Uplink, { decoder, fields }: Decoding): Decoded {
  return decoder === 'decoded' ? readDecodedFields(decoded, fields) : BY_NAME[decoder](bytes, fPort)
}

function put(found: Found, index: number, { channel, unit, text, at }: Measurement & { at: number }): string | null {
  if (isUnitCode(unit)) {
    const temperature = text === null ? null : toMilliC(text, unit)
    const raw = text === null || temperature?.exact ? null : `${text} ${unit} ${isoInstant(at)}`
    take(found, index, { at, channel, milliC: temperature?.milliC ?? null, raw })
    return null
  }
  const seen = observe({ text, unit, channel, time: { at, exact: true, text: isoInstant(at) } })
  if (isUnclear(seen)) return `${channel}${seen.unclear}`
  takeObservation(found, index, seen)
  return null
}
