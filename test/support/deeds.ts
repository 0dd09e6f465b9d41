import fc from 'fast-check'
import { at, json } from '../../db/tables.ts'
import { addCalibration, supersedeCalibration } from '../../src/actions/calibrations.ts'
import { correctPlacement } from '../../src/actions/correct-placement.ts'
import { pinProfile } from '../../src/actions/pin-profile.ts'
import { placeSensor } from '../../src/actions/place-sensor.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { FRIDGE, MINUTE, T0 } from './limits.ts'
import { actorOf, message, say, type World } from './world.ts'

/** A world of two limits, between which shipments are moved. */
export type DeedWorld = { world: World; otherProfileId: number }

/** Adds another version of the limits to a world, in which everything differs that a fold depends on. */
export async function withOtherProfile(world: World): Promise<DeedWorld> {
  const differing = {
    nominalIntervalMs: 2 * MINUTE,
    loadingMs: 20 * MINUTE,
    requiredSensors: 2,
    guardBand: 'uncertainty',
  }
  const { id } = await world.db
    .insertInto('profile')
    .values({
      product_id: world.productId,
      version: 2,
      name: 'other',
      definition: json({ ...FRIDGE, ...differing }),
      example: true,
      known_at: at(T0),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return { world, otherProfileId: id }
}

export type Things = { shipments: number[]; sensors: number[] }
/** Does it in a world to some of the things. */
export type Deed = (things: Things, to: DeedWorld) => Promise<unknown>

const minute = fc.integer({ min: 0, max: 900 })
const instant = minute.map((minutes) => T0 + minutes * MINUTE)
const shipment = fc.nat({ max: 1 }).map((nth) => (things: Things) => things.shipments[nth] ?? 0)
const sensor = fc.nat({ max: 2 }).map((nth) => (things: Things) => things.sensors[nth] ?? 0)
const nth = fc.nat({ max: 5 })

/** Everything that may happen to two shipments and three sensors; what is refused changes nothing. */
export const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(sensor, instant, fc.integer({ min: 1, max: 400 }), nth).map(measuring) },
  { weight: 2, arbitrary: fc.tuple(shipment, sensor, instant, fc.option(minute)).map(placing) },
  { weight: 2, arbitrary: fc.tuple(nth, fc.constantFrom(...CHANGES()), instant).map(correcting) },
  { weight: 2, arbitrary: fc.tuple(shipment, fc.constantFrom(...KINDS()), instant).map(stating) },
  { weight: 2, arbitrary: fc.tuple(shipment, nth).map(voiding) },
  { weight: 1, arbitrary: fc.tuple(sensor, instant, fc.integer({ min: -2, max: 2 }), fc.boolean()).map(calibrating) },
  { weight: 1, arbitrary: fc.tuple(sensor, nth).map(superseding) },
  { weight: 1, arbitrary: fc.tuple(shipment, fc.boolean()).map(pinning) },
)

type Pick = (things: Things) => number

function measuring([sensorOf, fromAt, count, cold]: [Pick, number, number, number]): Deed {
  const samples = Array.from({ length: count }, (_, index) => ({
    at: fromAt + index * MINUTE,
    c: index % 97 === 13 ? null : index % 40 < cold ? 9 + (index % 3) * 4 : 5,
  }))
  return (things, { world }) => recordMessages(world.ctx, [message(sensorOf(things), samples, world.clock.now)])
}

function placing([shipmentOf, sensorOf, fromAt, minutes]: [Pick, Pick, number, number | null]): Deed {
  const toAt = minutes === null ? null : fromAt + (minutes + 1) * MINUTE
  const input = { channel: 'probe', role: 'product', fromAt, toAt, calibrationId: null, reason: null } as const
  return (things, { world }) =>
    placeSensor(world.ctx, sender(world), { ...input, shipmentId: shipmentOf(things), sensorId: sensorOf(things) })
}

function CHANGES() {
  return ['withdraw', 'from', 'to', 'shipment', 'open', 'role'] as const
}

function correcting([which, what, instantAt]: [number, ReturnType<typeof CHANGES>[number], number]): Deed {
  return async ({ shipments }, { world }) => {
    const rows = await world.db
      .selectFrom('placement')
      .select(['id', 'shipment_id', 'role'])
      .where('shipment_id', 'in', shipments)
      .where('superseded_at', 'is', null)
      .orderBy('id')
      .execute()
    const found = rows[which % Math.max(1, rows.length)]
    if (found === undefined) return
    const change = {
      withdraw: null,
      from: { fromAt: instantAt },
      to: { toAt: instantAt },
      shipment: { shipmentId: shipments.find((id) => id !== found.shipment_id) },
      open: { toAt: null },
      role: { role: found.role === 'ambient' ? ('product' as const) : ('ambient' as const) },
    }[what]
    await correctPlacement(world.ctx, sender(world), { placementId: found.id, reason: 'test', change })
  }
}

function KINDS() {
  return ['packed', 'received', 'opened', 'cancelled'] as const
}

function stating([shipmentOf, kind, when]: [Pick, ReturnType<typeof KINDS>[number], number]): Deed {
  return (things, { world }) => {
    const by = kind === 'packed' ? world.sender : world.centre
    return say(world, shipmentOf(things), { kind, at: when, by, reason: 'test' })
  }
}

function voiding([shipmentOf, which]: [Pick, number]): Deed {
  return async (things, { world }) => {
    const rows = await world.db
      .selectFrom('custody_event')
      .select(['seq', 'organisation_id as by'])
      .where('shipment_id', '=', shipmentOf(things))
      .where('kind', '<>', 'readings_root')
      .orderBy('seq')
      .execute()
    const found = rows[which % Math.max(1, rows.length)]
    if (found === undefined || found.by === null) return
    const correction = { kind: 'correction', at: T0, by: found.by, corrects: found.seq, reason: 'test' } as const
    await say(world, shipmentOf(things), correction)
  }
}

function calibrating([sensorOf, calibratedAt, degrees, fails]: [Pick, number, number, boolean]): Deed {
  const points = [-50_000, 60_000].map((atMilliC) => ({ atMilliC, correctionMilliC: degrees * 1000 }))
  const uncertaintyMilliC = 100 * Math.abs(degrees)
  const asFound = fails ? ('out_of_tolerance' as const) : null
  const named = { channel: 'probe', certificate: 'C-9', laboratory: 'Lab', asFound }
  const certificate = { ...named, calibratedAt, dueAt: calibratedAt + 90_000 * MINUTE, points, uncertaintyMilliC }
  return (things, { world }) => addCalibration(world.ctx, sender(world), { ...certificate, sensorId: sensorOf(things) })
}

function superseding([sensorOf, which]: [Pick, number]): Deed {
  return async (things, { world }) => {
    const rows = await world.db
      .selectFrom('calibration')
      .select('id')
      .where('sensor_id', '=', sensorOf(things))
      .where('superseded_at', 'is', null)
      .orderBy('id')
      .execute()
    const found = rows[which % Math.max(1, rows.length)]
    if (found !== undefined)
      await supersedeCalibration(world.ctx, sender(world), { calibrationId: found.id, reason: 'test' })
  }
}

function pinning([shipmentOf, other]: [Pick, boolean]): Deed {
  return (things, { world, otherProfileId }) => {
    const profileId = other ? otherProfileId : world.profileId
    const sponsor = actorOf(world.sender, 'sponsor')
    return pinProfile(world.ctx, sponsor, { shipmentId: shipmentOf(things), profileId, reason: 'test' })
  }
}

function sender(world: World) {
  return actorOf(world.sender)
}
