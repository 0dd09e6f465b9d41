import { setTimeout as pause } from 'node:timers/promises'
import { killable } from '../soak/stage.ts'
import { metric } from '../support/service.ts'
import { until } from '../support/until.ts'
import type { Harm, Scene, Trial } from './trial.ts'

const DEATHS = 3
/** Traffic that the broker has acknowledged and the service has not seen. */
const QUEUED_MS = 2000

/**
 * Killed with -9, the broker loses what it has acknowledged to sensors: no service can know it, but the numbers of the
 * messages tell, and the sensors have them still.
 */
export function brokerDies(): Trial {
  return { harm: killTheBroker, check: gapsWereShown }
}

async function killTheBroker({ stage, random }: Scene): Promise<Harm> {
  const service = killable(stage.service)
  for (let death = 0; death < DEATHS; death += 1) {
    await pause(1500 + random() * 1500)
    await service.kill()
    await pause(QUEUED_MS)
    await stage.broker.stop('SIGKILL')
    await stage.broker.start()
    await service.start()
  }
  return { done: `broker killed -9 with a full queue ${DEATHS} times` }
}

async function gapsWereShown(_scene: Scene, { gaps }: { gaps: number }): Promise<string[]> {
  return gaps > 0 ? [] : ['the broker lost messages and no gap was shown']
}

const LOSSES = 3

/** The broker forgets its sessions, and with them what waits for the service. */
export function sessionIsLost(): Trial {
  return { harm: loseTheSession, check: lossWasSaid }
}

async function loseTheSession({ stage, random }: Scene): Promise<Harm> {
  for (let loss = 0; loss < LOSSES; loss += 1) {
    await pause(1500 + random() * 1500)
    await stage.broker.stop('SIGTERM')
    stage.broker.forget()
    await pause(random() * 1500)
    await stage.broker.start()
    await until(async () => (await sessionsLost(stage)) > loss, { what: 'the lost session to be counted' })
  }
  return { done: `broker forgot the session ${LOSSES} times` }
}

async function lossWasSaid({ stage }: Scene): Promise<string[]> {
  const said = stage.service
    .program()
    .said()
    .filter(({ level, msg }) => level === 'error' && msg.startsWith('The broker forgot the session')).length
  const counted = await sessionsLost(stage)
  return said === LOSSES && counted === LOSSES
    ? []
    : [`${LOSSES} sessions were lost, ${said} said in the log, ${counted} counted`]
}

function sessionsLost({ service }: Scene['stage']): Promise<number> {
  return metric(service.apiUrl, 'unbroken_broker_sessions_lost_total')
}
