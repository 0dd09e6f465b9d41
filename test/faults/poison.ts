import { setTimeout as pause } from 'node:timers/promises'
import { Gateway } from '../../simulators/gateway.ts'
import type { Random } from '../../simulators/random.ts'
import type { Harm, Scene, Trial } from './trial.ts'

/** Thousands of messages between the others that are no readings, each of its own. */
export function poisonIsPublished(): Trial {
  return { harm: publishPoison }
}

const MESSAGES = 6000
const PER_BURST = 200

async function publishPoison({ stage, fleet, random }: Scene): Promise<Harm> {
  const { topicPrefix } = stage.service
  const gateway = new Gateway({ mqttUrl: stage.sensorsUrl, username: 'poisoner', secret: '', topicPrefix })
  await gateway.connected(10_000)
  const sensors = fleet.shipments.flatMap((shipment) => shipment.sensors)
  for (let sent = 0; sent < MESSAGES; sent += 1) {
    const sensor = sensors[Math.floor(random() * sensors.length)]
    const poison = POISONS[sent % POISONS.length]
    if (sensor === undefined || poison === undefined) throw new Error('nobody to poison')
    while (!gateway.hasRoom()) await gateway.room()
    const { id = sensor.id, payload, ending = '' } = poison(sent, random)
    void gateway.publish(id, payload, { ending })
    if (sent % PER_BURST === 0) await pause(300)
  }
  await gateway.settled(30_000)
  await gateway.close()
  return { done: `${MESSAGES} poison messages of ${POISONS.length} kinds`, poison: MESSAGES }
}

type Poison = (number: number, random: Random) => { id?: number; payload: string | Buffer; ending?: string }

/** The number makes each a message of its own: the same one twice would be kept once. */
const POISONS: readonly Poison[] = [
  (number) => ({ payload: `no JSON ${number}` }),
  (number) => ({ payload: `{"seq":"first","readings":[],"n":${number}}` }),
  (number) => ({ payload: `{"readings":[{"at":"yesterday","value":5,"unit":"CEL"}],"n":${number}}` }),
  (number) => ({ payload: `{"readings":[{"at":"2026-01-01T00:00:00Z","value":${number},"unit":"PARSEC"}]}` }),
  (number) => ({ payload: `${'['.repeat(2000)}${number}` }),
  (number) => ({ payload: `{"readings":[{"at":"2026-01-01T00:00:00","value":${number},"unit":"CEL"}]}` }),
  (number) => ({ id: 1_000_000_000 + number, payload: '{"readings":[]}' }),
  (_number, random) => ({ payload: Buffer.from(Array.from({ length: 40 }, () => 128 + Math.floor(random() * 127))) }),
  (number) => ({ payload: `{"readings":{"length":1e9},"__proto__":{"n":${number}}}` }),
  (number) => ({ ending: '/senml', payload: Buffer.concat([Buffer.from([0x9f, 0x9f]), Buffer.from(`${number}`)]) }),
  (number) => ({ ending: '/senml', payload: `[{"bn":"${number}","bt":"soon","v":5}]` }),
  (number) => ({ ending: '/unheard-of', payload: `${number}` }),
]
