import { PostgreSqlContainer } from '@testcontainers/postgresql'
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers'
import { brokerProfile } from './mosquitto.ts'

/** What the tests take instead of embedded PostgreSQL and a spawned broker. `stop` removes both containers. */
export type Backends = { databaseUrl: string; mqttUrl: string; stop: () => Promise<void> }

const MOSQUITTO_CONF = `listener 1883
allow_anonymous true
persistence true
persistence_location /mosquitto/data/
${brokerProfile()}`
const START_TIMEOUT_MS = 120_000

/** Whether a container engine answers (Docker, or podman through DOCKER_HOST). */
export async function hasContainerEngine(): Promise<boolean> {
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  )
}

/** Starts PostgreSQL 18 and Mosquitto 2 from their official images; throws when one cannot start, leaving none. */
export async function startContainers(): Promise<Backends> {
  const postgres = await new PostgreSqlContainer('postgres:18-alpine').withStartupTimeout(START_TIMEOUT_MS).start()
  const mosquitto = await startMosquitto().catch(async (fault: unknown) => {
    await postgres.stop()
    throw fault
  })
  return {
    databaseUrl: postgres.getConnectionUri(),
    mqttUrl: `mqtt://${mosquitto.getHost()}:${mosquitto.getMappedPort(1883)}`,
    stop: async () => {
      await Promise.all([postgres.stop(), mosquitto.stop()])
    },
  }
}

function startMosquitto() {
  return new GenericContainer('eclipse-mosquitto:2')
    .withExposedPorts(1883)
    .withCopyContentToContainer([{ content: MOSQUITTO_CONF, target: '/mosquitto/config/mosquitto.conf' }])
    .withWaitStrategy(Wait.forLogMessage(/mosquitto version \S+ running/))
    .withStartupTimeout(START_TIMEOUT_MS)
    .start()
}
