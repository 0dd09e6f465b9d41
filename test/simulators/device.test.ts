import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Firmware, type Step, type Transmission } from '../../simulators/device/firmware.ts'
import { knownReadings } from '../../simulators/device/known.ts'
import type { ToldReading } from '../../simulators/device/measuring.ts'
import { type DeviceScript, PLAIN_DEVICE } from '../../simulators/device/script.ts'
import { isObservation } from '../../src/domain/message.ts'
import { receiveMessage } from '../../src/ingest/message.ts'

const STARTED_AT = Date.UTC(2026, 2, 2)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe('what the door understands is what the device says it told', () => {
  const spell = fc.record({ fromMs: fc.integer({ min: 0, max: HOUR }), toMs: fc.integer({ min: 0, max: 2 * HOUR }) })
  const script = fc
    .record({
      dialect: fc.constantFrom('native-json' as const, 'senml-json' as const, 'senml-cbor' as const),
      tells: fc.constantFrom(
        'celsius' as const,
        'kelvin' as const,
        'fahrenheit' as const,
        'fahrenheit_as_celsius' as const,
      ),
      clock: fc.array(
        fc.record({
          fromMs: fc.constant(0),
          // up to held in the future, and to a clock that was never set
          offsetMs: fc.oneof(fc.integer({ min: -HOUR, max: HOUR }), fc.constant(-STARTED_AT)),
          driftPpm: fc.integer({ min: -50_000, max: 50_000 }),
        }),
        { maxLength: 1 },
      ),
      stuck: fc.array(spell, { maxLength: 1 }),
      drift: fc.option(fc.record({ fromMs: fc.nat(HOUR), milliCPerDay: fc.integer({ min: -9999, max: 9999 }) })),
      range: fc.option(fc.constant({ minMilliC: -200_000, maxMilliC: 55_000 })),
      silences: fc.array(
        spell.map(({ fromMs, toMs }) => ({
          ...{ fromMs, toMs },
          memory: fromMs % 2 === 0 ? ('lost' as const) : { uploadAtMs: toMs },
        })),
        { maxLength: 2 },
      ),
      memory: fc.record({
        readings: fc.integer({ min: 1, max: 30 }),
        whenFull: fc.constantFrom('loses_oldest' as const, 'loses_newest' as const),
      }),
      readingsPerUpload: fc.integer({ min: 1, max: 10 }),
      resets: fc.array(fc.record({ atMs: fc.nat(HOUR), memory: fc.constantFrom('flash' as const, 'ram' as const) }), {
        maxLength: 2,
      }),
      batteryDiesMs: fc.option(fc.nat(2 * HOUR)),
      duplicateEvery: fc.option(fc.integer({ min: 1, max: 5 })),
      overtaken: fc.option(fc.record({ every: fc.integer({ min: 1, max: 5 }), by: fc.integer({ min: 1, max: 5 }) })),
      swallowEvery: fc.option(fc.integer({ min: 1, max: 5 })),
    })
    .map((drawn): DeviceScript => ({ ...PLAIN_DEVICE, ...drawn, tells: sayable(drawn) }))
  const samples = fc.array(fc.integer({ min: -270_000, max: 900_000 }), { minLength: 1, maxLength: 90 })

  test('in every dialect, with every misbehaviour', () => {
    fc.assert(
      fc.property(script, samples, (drawn, values) => {
        const steps = live(drawn, values)
        const sent = steps.flatMap(({ transmissions }) => transmissions)
        const { stored, held, rejections } = understood(sent)
        const known = knownReadings(sent)
        expect(rejections > 0).toBe(known.rejected.length > 0)
        expect(sorted(stored)).toEqual(sorted(known.stored))
        expect(sorted(held)).toEqual(sorted(known.held))
      }),
      { numRuns: 500 },
    )
  })

  test('and every measured instant is told, swallowed or lost, and nothing else is', () => {
    fc.assert(
      fc.property(script, samples, (drawn, values) => {
        const steps = live(drawn, values)
        const instants = (told: readonly ToldReading[]) => told.map(({ trueAt }) => trueAt)
        const fates = steps.flatMap(({ transmissions, swallowed, lost }) => [
          ...transmissions.filter(({ copy }) => copy === 'first').flatMap(({ told }) => instants(told)),
          ...swallowed.flatMap(({ told }) => instants(told)),
          ...instants(lost),
        ])
        const dead = drawn.batteryDiesMs ?? Number.POSITIVE_INFINITY
        const alive = values.map((_, minute) => minute * MINUTE).filter((ms) => ms < dead)
        expect(fates.sort((a, b) => a - b)).toEqual(alive.map((ms) => STARTED_AT + ms))
      }),
      { numRuns: 500 },
    )
  })
})

describe('a device', () => {
  test('without misbehaviour tells every sample at once, numbered from 1', () => {
    const steps = live({}, [5000, -100, 0])
    expect(steps.map(({ transmissions }) => transmissions.map(({ seq }) => seq))).toEqual([[1], [2], [3], []])
    expect(told(steps)).toEqual(['0 5000', '1 -100', '2 0'])
  })

  test('keeps what it measures without radio and uploads it as its script says, before what it measures then', () => {
    const silences = [{ fromMs: 2 * MINUTE, toMs: 5 * MINUTE, memory: { uploadAtMs: 6 * MINUTE } }]
    const steps = live({ silences, readingsPerUpload: 2 }, values(8))
    expect(steps.map(({ radio }) => radio)).toEqual(['on', 'on', 'off', 'off', 'off', 'on', 'on', 'on', 'on'])
    expect(minutes(steps)).toEqual([[[0]], [[1]], [], [], [], [[5]], [[2, 3], [4], [6]], [[7]], []])
  })

  test('with a full memory loses its oldest or its newest reading', () => {
    const silences = [{ fromMs: 0, toMs: 4 * MINUTE, memory: { uploadAtMs: 4 * MINUTE } }]
    const kept = (whenFull: 'loses_oldest' | 'loses_newest') =>
      minutes(live({ silences, memory: { readings: 2, whenFull } }, values(5)))[4]
    expect(kept('loses_oldest')).toEqual([[2, 3], [4]])
    expect(kept('loses_newest')).toEqual([[0, 1], [4]])
  })

  test('leaves a hole in its numbers for what it lost', () => {
    const silences = [{ fromMs: MINUTE, toMs: 3 * MINUTE, memory: 'lost' as const }]
    expect(seqs(live({ silences }, values(4)))).toEqual([1, 4])
  })

  test('numbers from 1 again after a reset, and loses its memory where that was RAM', () => {
    const silences = [{ fromMs: MINUTE, toMs: 3 * MINUTE, memory: { uploadAtMs: 3 * MINUTE } }]
    const reset = (memory: 'flash' | 'ram') => live({ silences, resets: [{ atMs: 3 * MINUTE, memory }] }, values(5))
    expect(seqs(reset('flash'))).toEqual([1, 1, 2, 3])
    expect(minutes(reset('flash'))[3]).toEqual([[1, 2], [3]])
    expect(seqs(reset('ram'))).toEqual([1, 1, 2])
    expect(reset('ram')[3]?.lost.map(({ trueAt }) => trueAt)).toEqual([STARTED_AT + MINUTE, STARTED_AT + 2 * MINUTE])
  })

  test('tells its own time: ahead, gaining, and set right later', () => {
    const clock = [
      { fromMs: 0, offsetMs: 90_000, driftPpm: 1000 },
      { fromMs: 2 * MINUTE, offsetMs: 0, driftPpm: 0 },
    ]
    const errors = live({ clock }, values(3)).flatMap(({ transmissions }) =>
      transmissions.flatMap((sent) => sent.told.map(({ at, trueAt }) => at - trueAt)),
    )
    expect(errors).toEqual([90_000, 90_060, 0])
  })

  test.each([
    ['stuck at what it measured first', { stuck: [{ fromMs: MINUTE, toMs: 3 * MINUTE }] }, [1000, 2000, 2000, 4000]],
    ['drifting a degree an hour', { drift: { fromMs: MINUTE, milliCPerDay: 24_000 } }, [1000, 2000, 3017, 4033]],
    ['saturated', { range: { minMilliC: 1500, maxMilliC: 3500 } }, [1500, 2000, 3000, 3500]],
    ['in kelvin', { tells: 'kelvin' as const }, [1000, 2000, 3000, 4000]],
    ['honestly in Fahrenheit', { tells: 'fahrenheit' as const }, [1000, 2000, 3000, 4000]],
    [
      'in Fahrenheit, said to be Celsius',
      { tells: 'fahrenheit_as_celsius' as const },
      [33_800, 35_600, 37_400, 39_200],
    ],
  ])('%s is understood as such', (_name, script, expected) => {
    const sent = live(script, [1000, 2000, 3000, 4000]).flatMap(({ transmissions }) => transmissions)
    expect(understood(sent).stored.map(({ milliC }) => milliC)).toEqual(expected)
  })

  test('falls silent for good when its battery dies, and its memory with it', () => {
    const silences = [{ fromMs: MINUTE, toMs: 9 * MINUTE, memory: { uploadAtMs: 9 * MINUTE } }]
    const steps = live({ silences, batteryDiesMs: 3 * MINUTE }, values(12))
    expect(minutes(steps).flat()).toEqual([[0]])
    expect(steps[3]).toMatchObject({ radio: 'dead', lost: [{ trueMilliC: 5001 }, { trueMilliC: 5002 }] })
  })

  test('repeats messages as they are, and lets others overtake', () => {
    expect(seqs(live({ duplicateEvery: 2 }, values(4)))).toEqual([1, 2, 2, 3, 4, 4])
    const [, first, second] = live({ duplicateEvery: 2 }, values(4)).flatMap(({ transmissions }) => transmissions)
    expect(second?.payload).toEqual(first?.payload)
    expect(seqs(live({ overtaken: { every: 3, by: 2 } }, values(7)))).toEqual([1, 2, 4, 5, 3, 7, 6])
  })

  test('takes a message for sent that never was, and sends it when asked, with its old number and bytes', () => {
    const firmware = new Firmware({ ...PLAIN_DEVICE, swallowEvery: 3 }, { sensorId: 42, startAt: STARTED_AT })
    const steps = values(6).map((milliC, minute) => firmware.measure({ at: STARTED_AT + minute * MINUTE, milliC }))
    expect(seqs(steps)).toEqual([1, 2, 4, 5])
    const swallowed = steps.flatMap((step) => step.swallowed)
    const { transmissions } = firmware.resend([
      [3, 3],
      [6, 900],
    ])
    expect(transmissions.map(({ seq, payload, copy }) => [seq, payload, copy])).toEqual(
      swallowed.map(({ seq, payload }) => [seq, payload, 'resent']),
    )
  })

  test('answers a wish once, and of a changed wish what is new; after a reset it has forgotten both', () => {
    const script = { ...PLAIN_DEVICE, resets: [{ atMs: 4 * MINUTE, memory: 'ram' as const }] }
    const firmware = new Firmware(script, { sensorId: 42, startAt: STARTED_AT })
    for (const minute of [0, 1, 2, 3]) firmware.measure({ at: STARTED_AT + minute * MINUTE, milliC: 5000 })
    expect(seqs([firmware.resend([[1, 2]])])).toEqual([1, 2])
    expect(seqs([firmware.resend([[1, 2]])])).toEqual([])
    expect(seqs([firmware.resend([[1, 3]])])).toEqual([3])
    firmware.measure({ at: STARTED_AT + 4 * MINUTE, milliC: 6000 })
    expect(firmware.resend([[1, 3]]).transmissions).toMatchObject([{ seq: 1, told: [{ milliC: 6000 }] }])
  })

  test('keeps only so many messages for whoever asks', () => {
    const firmware = new Firmware({ ...PLAIN_DEVICE, keptMessages: 3 }, { sensorId: 42, startAt: STARTED_AT })
    for (let minute = 0; minute < 9; minute += 1) firmware.measure({ at: STARTED_AT + minute * MINUTE, milliC: 5000 })
    expect(seqs([firmware.resend([[0, Number.MAX_SAFE_INTEGER]])])).toEqual([7, 8, 9])
  })

  test('raises its alarm by its own rule, in an envelope whose field the door does not know', () => {
    const alarm = { minMilliC: 2000, maxMilliC: 8000, afterMs: 2 * MINUTE, toldIn: 'envelope' as const }
    const steps = live({ alarm }, [9000, 9000, 9000, 5000, 1000, 1000, 1000])
    expect(steps.map((step) => step.alarm)).toEqual([false, false, true, false, false, false, true, true])
    const bodies = steps.flatMap(({ transmissions }) => transmissions.map(({ payload }) => JSON.parse(String(payload))))
    expect(bodies.map((body) => body.alarm)).toEqual([false, false, true, false, false, false, true])
    expect(understood(steps.flatMap(({ transmissions }) => transmissions)).stored).toHaveLength(7)
  })

  test('has forgotten after a reset how long it was out', () => {
    const alarm = { minMilliC: null, maxMilliC: 8000, afterMs: 2 * MINUTE, toldIn: 'status' as const }
    const resets = [{ atMs: 2 * MINUTE, memory: 'flash' as const }]
    expect(live({ alarm, resets }, Array(5).fill(9000)).map((step) => step.alarm)).toEqual([
      ...[false, false, false, false, true, true],
    ])
  })

  test('is known from the first copy of a message that arrived, whichever that was', () => {
    const sent = live({ duplicateEvery: 1 }, [5000]).flatMap(({ transmissions }) => transmissions)
    const arrivals = new Map(sent.map((transmission, index) => [transmission, STARTED_AT + (9 - index) * MINUTE]))
    const { stored } = knownReadings(sent, (transmission) => arrivals.get(transmission) ?? 0)
    expect(stored).toEqual([{ channel: 'probe', at: STARTED_AT, milliC: 5000, knownAt: STARTED_AT + 8 * MINUTE }])
  })

  test('speaks no Fahrenheit and has no envelope in SenML', () => {
    const alarm = { minMilliC: null, maxMilliC: 0, afterMs: 0, toldIn: 'envelope' as const }
    expect(() => live({ dialect: 'senml-json', tells: 'fahrenheit' }, [])).toThrow('no unit')
    expect(() => live({ dialect: 'senml-cbor', alarm }, [])).toThrow('no envelope')
  })
})

/** What a device says can be said in its dialect. */
function sayable({ dialect, tells }: Pick<DeviceScript, 'dialect' | 'tells'>): DeviceScript['tells'] {
  return dialect === 'native-json' || tells !== 'fahrenheit' ? tells : 'celsius'
}

/** A device's life, one sample a minute, read out at its end. */
function live(script: Partial<DeviceScript>, milliCs: readonly number[]): Step[] {
  const firmware = new Firmware({ ...PLAIN_DEVICE, ...script }, { sensorId: 42, startAt: STARTED_AT })
  const steps = milliCs.map((milliC, minute) => firmware.measure({ at: STARTED_AT + minute * MINUTE, milliC }))
  return [...steps, firmware.flush()]
}

function values(count: number): number[] {
  return Array.from({ length: count }, (_, minute) => 5000 + minute)
}

/** Every transmission through the service's own door, at the instant of its sending. */
function understood(sent: readonly Transmission[]) {
  const parsed = sent.map(({ ending, payload, sentAt }) => {
    const envelope = { prefix: 'p', receivedAt: sentAt, retained: false }
    const message = receiveMessage(`p/42/readings${ending}`, Buffer.from(payload), envelope)
    return message.parsed
  })
  return {
    stored: parsed.flatMap(({ readings }) => readings),
    held: parsed.flatMap((message) => message.held.flatMap((held) => (isObservation(held) ? [] : held))),
    rejections: parsed.filter(({ problem }) => problem !== null).length,
  }
}

/** Each reading once, as text. */
function sorted(readings: readonly { channel: string; at: number; milliC: number | null }[]): string[] {
  return [...new Set(readings.map(({ channel, at, milliC }) => `${channel} ${at} ${milliC}`))].sort()
}

function seqs(steps: readonly Step[]): number[] {
  return steps.flatMap(({ transmissions }) => transmissions.map(({ seq }) => seq))
}

/** The minutes of each message of each step. */
function minutes(steps: readonly Step[]): number[][][] {
  return steps.map(({ transmissions }) =>
    transmissions.map((sent) => sent.told.map(({ trueAt }) => (trueAt - STARTED_AT) / MINUTE)),
  )
}

function told(steps: readonly Step[]): string[] {
  const readings = steps.flatMap(({ transmissions }) => transmissions.flatMap((sent) => sent.told))
  return readings.map(({ at, milliC }) => `${(at - STARTED_AT) / MINUTE} ${milliC}`)
}
