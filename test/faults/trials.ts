import { setTimeout as pause } from 'node:timers/promises'
import { withClient } from '../../db/connect.ts'
import { killable } from '../soak/stage.ts'
import { brokerDies, sessionIsLost } from './broker.ts'
import { clockJumps } from './clock.ts'
import { diskIsFull } from './disk.ts'
import { poisonIsPublished } from './poison.ts'
import type { Harm, Scene, Trial } from './trial.ts'

/** Every harm a fault run does, by name, in the order of the table. */
export const TRIALS: Readonly<Record<string, () => Trial>> = {
  kills: () => ({ harm: killTheService }),
  postgres: () => ({ harm: (scene) => killThePart(scene, 'database') }),
  cuts: () => ({ stage: { network: 'service' }, harm: cutConnections }),
  disk: diskIsFull,
  'broker-term': () => ({ harm: (scene) => killThePart(scene, 'broker') }),
  'broker-kill': brokerDies,
  slow: () => ({ tickMs: 20, harm: holdTheTable }),
  'session-lost': sessionIsLost,
  poison: poisonIsPublished,
  clock: clockJumps,
  'share-2': () => ({ stage: { services: 2 }, harm: killTheOthers }),
  'share-4': () => ({ stage: { services: 4 }, harm: killTheOthers }),
}

const KILLS = 50

async function killTheService({ stage, random }: Scene): Promise<Harm> {
  const service = killable(stage.service)
  for (let kill = 0; kill < KILLS; kill += 1) {
    // from within its first batch to long after it
    await pause(random() * 1200)
    await service.kill()
    await service.start()
  }
  return { done: `ingest killed -9 ${KILLS} times` }
}

const OUTAGES = 5

/** PostgreSQL dies with -9, the broker by SIGTERM with its sessions on disk. */
async function killThePart({ stage, random }: Scene, part: 'database' | 'broker'): Promise<Harm> {
  for (let outage = 0; outage < OUTAGES; outage += 1) {
    await pause(1500 + random() * 2500)
    await stage[part].kill()
    await pause(300 + random() * 2500)
    await stage[part].start()
  }
  return { done: `${part === 'database' ? 'PostgreSQL killed -9' : 'broker stopped with SIGTERM'} ${OUTAGES} times` }
}

const CUTS = 30

/** The broker's connection breaks or falls silent, the database's are ended by its administrator. */
async function cutConnections({ stage, random }: Scene): Promise<Harm> {
  for (let cut = 0; cut < CUTS; cut += 1) {
    await pause(200 + random() * 1200)
    if (cut % 3 === 0) stage.network.cut()
    else if (cut % 3 === 1) await stage.network.partition(200 + random() * 1000)
    else await endDatabaseConnections(stage.adminUrl)
  }
  return { done: `${CUTS} cuts of broker and database connections` }
}

async function endDatabaseConnections(adminUrl: string): Promise<void> {
  await withClient(adminUrl, (admin) =>
    admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    ),
  )
}

const HELD_TIMES = 3
/** What arrives meanwhile is more than the service takes into its memory. */
const HELD_MS = 15_000

/** Nobody can write a reading: the service is the slow consumer of its broker. */
async function holdTheTable({ stage, random }: Scene): Promise<Harm> {
  for (let held = 0; held < HELD_TIMES; held += 1) {
    await pause(1000 + random() * 1000)
    await withClient(stage.adminUrl, async (admin) => {
      await admin.query('begin; lock table reading in access exclusive mode')
      await pause(HELD_MS)
      await admin.query('commit')
    })
  }
  return { done: `no writing for ${HELD_MS / 1000} s, ${HELD_TIMES} times` }
}

const RETURNS = 8

/** All but the first process die and come back under their client ids, one at a time. */
async function killTheOthers({ stage, random }: Scene): Promise<Harm> {
  const others = stage.services.slice(1).map((service) => killable(service))
  for (let back = 0; back < RETURNS; back += 1) {
    const other = others[back % others.length]
    await pause(500 + random() * 2000)
    await other?.kill()
    await pause(200 + random() * 3000)
    await other?.start()
  }
  return { done: `${stage.services.length} processes share; one killed -9 and back, ${RETURNS} times` }
}
