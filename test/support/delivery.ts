import { recordMessages } from '../../src/actions/record-messages.ts'
import { type Api, createApi, iso, type Json } from './api.ts'
import type { TestDatabase } from './database.ts'
import { createLane, type Lane, travel } from './lane.ts'
import { MINUTE, T0 } from './limits.ts'
import { createSigners, own, personOf, releaseTo, type Signers, type TestPerson } from './people.ts'
import { message } from './world.ts'

/** A lane with people who sign, and QA of its sponsor; its clock stands where journeys are handed over. */
export type Delivery = { api: Api; lane: Lane; people: Signers; qa: TestPerson }

export async function createDelivery(database: TestDatabase): Promise<Delivery> {
  const api = await createApi(database)
  api.clock.now = T0 + 60 * MINUTE
  const lane = await createLane(api)
  const people = await createSigners(api, lane)
  const qa = await personOf(api, lane.admin, { organisationId: lane.sponsor.id, roles: ['qa_sponsor'] })
  return { api, lane, people, qa }
}

/**
 * Packed at 0, measured every quarter of an hour up to 60, handed over at 62 with two signatures, received at 64 by a
 * person and opened at 65. In degrees what was measured.
 */
export async function delivered({ api, lane, people }: Delivery, degrees: readonly (number | null)[] = IN_RANGE) {
  api.clock.now = T0 + 61 * MINUTE
  const journey = await travel(api, lane, degrees)
  const say = (minute: number, key: string, body: object) => {
    api.clock.now = T0 + minute * MINUTE
    return api.post(key, `${journey.path}/custody-events`, { at: iso(minute), ...body })
  }
  await say(62, people.packer.token, {
    ...releaseTo(lane.centre.id),
    at: iso(62),
    signing: own(people.packer, 'released_custody'),
    secondSigning: { ...own(people.receiver, 'accepted_custody'), userName: people.receiver.userName },
  })
  await say(64, people.receiver.token, { kind: 'received', signing: own(people.receiver, 'received') })
  await say(65, lane.centre.key, { kind: 'opened' })
  api.clock.now += MINUTE
  return journey
}

const IN_RANGE = [5, 5, 5, 5, 5]

/** A reading arrives now that was measured so many minutes after T0. */
export function arrive({ api }: Delivery, sensorId: number, { minute, c }: { minute: number; c: number }) {
  return recordMessages(api.ctx, [message(sensorId, [{ at: T0 + minute * MINUTE, c }], api.clock.now)])
}

/** The status as the treatment centre sees it. */
export function statusOf({ api, lane }: Delivery, path: string): Promise<Json> {
  return api.get(lane.centre.key, `${path}/status`)
}

/** The placement that stands: `opened` ended the one that was made. */
export async function placedOn({ api, lane }: Delivery, path: string): Promise<number> {
  const { items } = await api.get(lane.sponsor.key, `${path}/placements`)
  return items.find(({ supersededAt }: Json) => supersededAt === null).id
}
