import { type Door, type Run, through } from './door.ts'
import { type Benchmark, type Figure, median, ratioOf } from './figure.ts'
import { dirty, hours, oneEach, type Series } from './series.ts'
import { openStage, placeFleet, type Queued, type Stage } from './stage.ts'

const FLEET = { sensors: 2000, shipments: 500 }
const FLEET_TEXT = `${FLEET.sensors} sensors on ${FLEET.shipments} shipments`

/** Readings per second through the whole door, one per message, against the floor measured by turns. */
export const ingestBenchmark: Benchmark = {
  name: 'ingest',
  run: ({ quick }) =>
    onStage(async (stage, sensors) => {
      const size = quick ? { messages: 20_000, rounds: 1 } : { messages: 100_000, rounds: 9 }
      const [subject, floor] = await byTurns(stage, size, [
        { name: 'door', door: 'subject', series: (messages) => oneEach(sensors, messages) },
        { name: 'floor', door: 'floor', series: (messages) => oneEach({ ...sensors }, messages) },
      ])
      return [figure('ingest', [subject, floor], 1)]
    }),
}

/** The same with duplicates, late and invalid messages, against the clean ones. */
export const ingestDirtyBenchmark: Benchmark = {
  name: 'ingestDirty',
  run: ({ quick }) =>
    onStage(async (stage, sensors) => {
      const size = quick ? { messages: 20_000, rounds: 1 } : { messages: 100_000, rounds: 13 }
      const [soiled, clean] = await byTurns(stage, size, [
        { name: 'dirty', door: 'subject', series: (messages) => dirty(sensors, messages) },
        { name: 'clean', door: 'subject', series: (messages) => oneEach(sensors, messages) },
      ])
      const figured = figure('ingestDirty', [soiled, clean], 1)
      return [{ ...figured, notes: `1 % twice, 5 % late, 0.5 % invalid; its floor is ingest; ${figured.notes}` }]
    }),
}

/** Messages of 60 readings, as loggers upload after a flight, against the floor with the same messages. */
export const backfillBenchmark: Benchmark = {
  name: 'backfill',
  run: ({ quick }) =>
    onStage(async (stage, sensors) => {
      const size = quick ? { messages: 1000, rounds: 1 } : { messages: 10_000, rounds: 9 }
      const [subject, floor] = await byTurns(stage, size, [
        { name: 'door', door: 'subject', series: (messages) => hours(sensors, messages) },
        { name: 'floor', door: 'floor', series: (messages) => hours({ ...sensors }, messages) },
      ])
      return [figure('backfill', [subject, floor], 60)]
    }),
}

async function onStage(work: (stage: Stage, sensors: Series) => Promise<Figure[]>): Promise<Figure[]> {
  const stage = await openStage()
  try {
    return await work(stage, { sensors: await placeFleet(stage.owner, FLEET), slot: 0 })
  } finally {
    await stage.close()
  }
}

type Contender = { name: string; door: Door; series: (messages: number) => Iterable<Queued> }

/** Contenders alternate, and so does who begins, so that the machine's moods meet both; the first round warms up. */
async function byTurns(
  stage: Stage,
  { messages, rounds }: { messages: number; rounds: number },
  [first, second]: [Contender, Contender],
): Promise<[Run[], Run[]]> {
  const runs: [Run[], Run[]] = [[], []]
  for (let round = 0; round <= rounds; round++) {
    const inTurn = round % 2 === 0 ? [first, second] : [second, first]
    const said = []
    for (const contender of inTurn) {
      const run = await through(stage, contender.door, contender.series(messages))
      said.push(`${contender.name} ${rate(run, 1)}`)
      if (round > 0) runs[contender === first ? 0 : 1].push(run)
    }
    process.stderr.write(`  round ${round}: ${said.join(', ')} messages/s\n`)
  }
  return runs
}

function rate({ messages, seconds }: Run, readings: number): number {
  return Math.round((messages * readings) / seconds)
}

function figure(name: string, [subject, floor]: [readonly Run[], readonly Run[]], readings: number): Figure {
  const [values, floors] = [subject, floor].map((runs) => runs.map((run) => rate(run, readings)))
  const batch = Math.round(median(subject.map((run) => run.messages / run.batches)))
  const cpu = median(subject.map((run) => run.cpuUs / readings))
  const floorCpu = median(floor.map((run) => run.cpuUs / readings))
  return {
    name,
    value: median(values ?? []),
    unit: 'readings/s',
    floor: median(floors ?? []),
    ratio: ratioOf(values ?? [], floors ?? []),
    notes: [
      FLEET_TEXT,
      `batches of ${batch} messages`,
      `CPU of the program per reading ${cpu.toFixed(2)} us, floor ${floorCpu.toFixed(2)} us`,
    ].join('; '),
  }
}
