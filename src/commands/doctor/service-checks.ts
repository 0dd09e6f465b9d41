import { type Check, fail, many, ok, warn } from './check.ts'
import { checkClock } from './clock-checks.ts'
import type { ServiceFacts } from './service-facts.ts'

/** The service as it runs: its session at the broker, and its clock. */
export function checkService(facts: ServiceFacts, clientId: string): Check[] {
  if (facts.answers !== 'service') return [unseen(facts, clientId)]
  const clock =
    facts.clock === null ? [] : [checkClock('clock of the service', `The service at ${facts.url}`, facts.clock)]
  return [session(facts, clientId), ...clock]
}

function unseen({ answers, url }: ServiceFacts, clientId: string): Check {
  const found =
    answers === 'nothing'
      ? `cannot tell whether ${clientId} is connected and subscribed: nothing answers at ${url}`
      : `cannot tell whether ${clientId} is connected and subscribed: another program answers at ${url}`
  const change =
    answers === 'nothing'
      ? 'Start the service and run doctor on its machine, with its environment'
      : 'Set HTTP_HOST and HTTP_PORT as the service has them'
  return warn('session', found, change)
}

function session(facts: Extract<ServiceFacts, { answers: 'service' }>, clientId: string): Check {
  const { url, database, broker, sessionsLost, queuedMessages } = facts
  if (!broker) {
    return fail(
      'session',
      `the service at ${url} is not connected and subscribed at the broker: no readings arrive`,
      'Its log says why; put that right, and readings that wait at the broker and the sensors follow',
    )
  }
  if (!database) {
    return fail(
      'session',
      `the service at ${url} does not reach its database: ${many(queuedMessages, 'message')} wait unstored`,
      'Bring the database back; nothing is lost meanwhile',
    )
  }
  if (sessionsLost > 0) {
    return warn(
      'session',
      `the broker forgot the session of the service ${many(sessionsLost, 'time')} since its start: messages may ` +
        'be missing',
      `Let the broker keep sessions on disk, give ${clientId} to one process only, and look at the sensors' ` +
        'sequence events',
    )
  }
  return ok('session', `the service at ${url} is connected and subscribed, its session was never lost since its start`)
}
