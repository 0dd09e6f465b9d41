import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'mqtt'
import { judgePending } from '../../src/actions/judge.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import type { Ctx } from '../../src/context.ts'
import type { ReceivedMessage } from '../../src/domain/message.ts'
import { type Batcher, createBatcher } from '../../src/ingest/batcher.ts'
import { BATCHER_LIMITS } from '../../src/ingest/batcher-limits.ts'
import { deferAcks } from '../../src/ingest/deferred-ack.ts'
import { openSession, SESSION_EXPIRY_S } from '../../src/ingest/session.ts'
import { floorRecord } from './floor.ts'
import { GROUP, PREFIX, type Queued, queueFor, type Stage } from './stage.ts'

/** The whole door, or what anybody could do with the same parts by doing nothing useful. */
export type Door = 'subject' | 'floor'

export type Run = { messages: number; seconds: number; batches: number; cpuUs: number }

/**
 * Takes queued messages through a door: same broker, client library, deferred acks, batcher, limits, durability and
 * connections. Over when the last PUBACK is out and no shipment waits for judging.
 */
export async function through(stage: Stage, door: Door, series: Iterable<Queued>): Promise<Run> {
  const clientId = 'bench-consumer'
  const messages = await queueFor(stage.broker.url, [clientId], series)
  const done = { batches: 0, stored: 0 }
  const batcher = batcherOf(stage, async (batch) => {
    if (door === 'floor') await floorRecord(stage.db, batch)
    else await recordMessages(stage.ctx, batch)
    done.batches++
    done.stored += batch.length
  })
  const cpu = process.cpuUsage()
  const start = performance.now()
  const opened = open(stage, { door, clientId, batcher })
  while (done.stored < messages || batcher.held() > 0) await pause(5)
  await judgePending(stage.ctx)
  const seconds = (performance.now() - start) / 1000
  const used = process.cpuUsage(cpu)
  await opened.close()
  return { messages, seconds, batches: done.batches, cpuUs: (used.user + used.system) / messages }
}

type Opening = { door: Door; clientId: string; batcher: Batcher }

/** The service's session, or a bare client that hands on topic and bytes. */
export function open(stage: Stage, { door, clientId, batcher }: Opening): { close: () => Promise<void> } {
  const { url } = stage.broker
  if (door === 'subject') return openSubject({ ctx: stage.ctx, url, clientId, batcher })
  const client = connect(url, {
    protocolVersion: 5,
    clientId,
    clean: false,
    resubscribe: false,
    log: () => undefined,
    properties: { sessionExpiryInterval: SESSION_EXPIRY_S, receiveMaximum: 65_535 },
  })
  deferAcks(client, {
    batcher,
    receive: ({ topic, payload }) => ({
      ...{ topic, payload: typeof payload === 'string' ? Buffer.from(payload) : payload, receivedAt: 0 },
      ...{ contentType: null, retained: false, parsed: UNREAD },
    }),
  })
  return { close: async () => void (await client.endAsync(false)) }
}

/** The session of the service, on the shared subscription of a benchmark. */
export function openSubject({ ctx, url, clientId, batcher }: Subject): { close: () => Promise<void> } {
  const { log, metrics, now } = ctx
  const broker = { url, protocolVersion: 5, clientId, group: GROUP, prefix: PREFIX, receiveMaximum: 65_535 } as const
  return openSession({ broker, batcher, log, metrics, now, drainMs: 10_000 })
}

type Subject = { ctx: Ctx; url: string; clientId: string; batcher: Batcher }

const UNREAD = { sensorId: null, seq: null, readings: [], observations: [], held: [], problem: null }

/** The service's batcher with its limits; a message that is set aside has no place in a benchmark. */
export function batcherOf(
  { ctx }: Pick<Stage, 'ctx'>,
  record: (batch: readonly ReceivedMessage[]) => Promise<void>,
): Batcher {
  return createBatcher({
    record,
    setAside: async () => {
      throw new Error('a benchmark message was set aside')
    },
    isTransient: () => false,
    isDataError: () => false,
    log: ctx.log,
    metrics: ctx.metrics,
    limits: BATCHER_LIMITS,
  })
}
