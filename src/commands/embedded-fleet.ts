import type { FleetOptions } from '../../simulators/fleet.ts'
import { untilNow } from '../../simulators/fleet-clock.ts'
import { atTrialPlace, startOnTime, startTrialService, type TrialService } from './supervised-service.ts'

/** What a fleet needs to know of the service it is played against. */
export type FleetService = Pick<FleetOptions, 'apiUrl' | 'adminKey' | 'mqttUrl' | 'startAt' | 'begin'>

/**
 * Runs `work` against a service of its own on embedded backends. While the fleet is registered its clock stands where
 * the journeys begin; then the service is started again on a clock that runs `speed` times as fast until it meets the
 * real now.
 */
export async function withEmbeddedService<T>(
  { speed, durationMs, print }: { speed: number; durationMs: number; print: (text: string) => void },
  work: (service: FleetService) => Promise<T>,
): Promise<T> {
  return atTrialPlace('fleet', async (place) => {
    const originAt = Math.floor((Date.now() - durationMs) / MINUTE_MS) * MINUTE_MS
    const standing = { originAt, startedAt: Date.now() + NEVER_MS, speed: 1 }
    let running: TrialService = await startTrialService(place, standing, print)
    const begin = async () => {
      await running.stop()
      const service = await startOnTime(place, (startedAt) => ({ originAt, startedAt, speed }), print)
      running = service
      return untilNow(service.now)
    }
    const { apiUrl, mqttUrl } = running
    try {
      return await work({ apiUrl, mqttUrl, adminKey: place.adminKey, startAt: originAt, begin })
    } finally {
      await running.stop()
    }
  })
}

const MINUTE_MS = 60_000
/** No registration takes a day. */
const NEVER_MS = 86_400_000
