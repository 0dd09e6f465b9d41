import { withClient } from '../../db/connect.ts'
import { answerDifferences, injectedAnswer, scenarioStatus, servedAnswer } from '../../simulators/scenario-answer.ts'
import { combinedTruthOf } from '../../simulators/truth.ts'
import { SOAK_LIMITS, type SoakFleet, type SoakShipment } from './fleet.ts'
import type { SoakSensor } from './traffic.ts'

/** What a soak found at its end; all zero where the service kept its word. */
export type Proof = { lost: number; twice: number; foreign: number; wrong: number; lines: string[] }

const MINUTE_MS = 60_000

/** Compares what is stored with what was acknowledged, reading by reading, and every served answer with the truth. */
export async function prove(fleet: SoakFleet, stored: Stored): Promise<Proof> {
  const proof: Proof = { lost: 0, twice: 0, foreign: 0, wrong: 0, lines: [] }
  await withClient(stored.ownerUrl, async (client) => {
    for (const sensor of fleet.shipments.flatMap(({ sensors }) => sensors)) {
      const { rows } = await client.query<{ minute: string; value_milli_c: number }>(
        `select (extract(epoch from measured_at) * 1000 - $2) / ${MINUTE_MS} as minute, value_milli_c
         from reading where sensor_id = $1`,
        [sensor.id, stored.span.fromAt],
      )
      compare(sensor, rows, proof)
    }
    const { rows } = await client.query<{ conflicts: string; kept: string }>(
      'select (select count(*) from conflict) as conflicts, (select count(*) from kept_message) as kept',
    )
    const kept = Number(rows[0]?.kept)
    proof.foreign += Number(rows[0]?.conflicts) + Math.max(0, kept - stored.poison)
    proof.lost += Math.max(0, stored.poison - kept)
  })
  for (const shipment of fleet.shipments) {
    const differences = await differencesOf(fleet, shipment, stored.span)
    if (differences.length > 0) proof.wrong += 1
    proof.lines.push(...differences.map((difference) => `shipment ${shipment.id}: ${difference}`))
  }
  return proof
}

/** `poison`: messages that are no readings and must lie among what is kept for people. */
type Stored = { ownerUrl: string; span: Span; poison: number }

/** The window of every shipment. */
type Span = { fromAt: number; toAt: number }

function compare(sensor: SoakSensor, rows: readonly { minute: string; value_milli_c: number }[], proof: Proof): void {
  const expected = new Map(sensor.sent.map(({ minute, milliC }) => [minute, milliC]))
  const seen = new Set<number>()
  for (const row of rows) {
    const minute = Number(row.minute)
    if (seen.has(minute)) proof.twice += 1
    else if (expected.get(minute) !== row.value_milli_c) proof.foreign += 1
    seen.add(minute)
  }
  const lost = [...expected.keys()].filter((minute) => !seen.has(minute))
  proof.lost += lost.length
  if (lost.length > 0) proof.lines.push(`sensor ${sensor.id}: lost minutes ${lost.slice(0, 20).join(', ')}`)
}

/** Custody is not what a soak is about: its keys are the same on both sides. */
const CUSTODY = { chain: 'intact', holder: 'centre' } as const

async function differencesOf({ sponsor }: SoakFleet, shipment: SoakShipment, span: Span): Promise<string[]> {
  const placements = shipment.sensors.map(({ sent }) => ({
    fromAt: span.fromAt,
    toAt: Number.POSITIVE_INFINITY,
    samples: sent.map(({ minute, milliC }) => ({ at: span.fromAt + minute * MINUTE_MS, milliC })),
  }))
  const truth = combinedTruthOf(SOAK_LIMITS, { ...span, closed: true, gridMs: MINUTE_MS }, placements)
  const valid = shipment.sensors.reduce((sum, { sent }) => sum + sent.length, 0)
  const counts = { valid, faults: 0, conflicts: 0 }
  const presumed = truth.levels.some(({ alarm }) => alarm.state === 'presumed')
  const reasons = [...(truth.gaps.length > 0 ? ['GAP'] : []), ...(presumed ? ['PRESUMED_ALARM'] : [])]
  const injected = injectedAnswer(CUSTODY, { truth, counts, reasons, held: 0 }, [])
  const status = await sponsor.get(`/shipments/${shipment.id}/status`, scenarioStatus)
  const custody = { ...status.custody, chainStatus: CUSTODY.chain, findings: [] }
  const served = servedAnswer({ ...status, custody }, { holder: CUSTODY.holder, held: 0, looks: [] })
  return answerDifferences(served, injected)
}
