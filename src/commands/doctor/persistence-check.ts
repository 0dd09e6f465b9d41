import type { SystemFacts } from './broker-facts.ts'
import { type Check, ok, warn } from './check.ts'

/**
 * Whether the broker keeps its sessions over a restart. No broker says so; but what was retained before its start and
 * is still there was kept.
 */
export function checkPersistence({ markedAt, startedAt }: SystemFacts): Check {
  if (startedAt === null) {
    return warn(
      NAME,
      'cannot tell: the broker does not show to this user since when it runs ($SYS/broker/uptime)',
      `Mosquitto: topic read $SYS/broker/#, as in infra/mosquitto/acl. ${LOOK}`,
    )
  }
  if (markedAt !== null && markedAt < startedAt - UNSURE_MS) {
    const [marked, started] = [markedAt, startedAt].map((instant) => new Date(instant).toISOString())
    return ok(NAME, `what was retained at ${marked} outlived the broker's restart at ${started}`)
  }
  return warn(
    NAME,
    markedAt === null
      ? 'cannot tell: no mark of an earlier doctor was found'
      : 'cannot tell: the broker did not restart since the mark of an earlier doctor was left',
    `${LOOK}; then restart the broker after this and run doctor again`,
  )
}

const NAME = 'persistence'
const LOOK = 'Look that Mosquitto has persistence true and a persistence_location on a disk that stays'

/** The uptime is published every 10 s or less often (sys_interval), so that the start seems later than it was. */
const UNSURE_MS = 60_000
