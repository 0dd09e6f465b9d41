import { arrival, at, departure, handover, PACKED_MS, released } from '../custody-script.ts'
import type { Scenario, Script, Statement } from '../scenario.ts'
import { calmBox, SEALS, SOUND_CUSTODY, script, sensor, WELL } from './parts.ts'

/** The condition is perfect in all of these: what is told is the chain of custody. */
function cool(custody: readonly Statement[], change: { untilMs?: number } = {}): () => Script {
  return () => script({ limits: 'fridge', sensors: [sensor('fridge', calmBox(), change)], custody })
}

/** The sound chain with some of its steps changed, or taken out by null. */
function changed(change: (step: Statement) => Statement | null): readonly Statement[] {
  return SOUND_CUSTODY.flatMap((step) => change(step) ?? [])
}

const hub = 'Example hub'

/** In whose hands it was, and what breaks the chain. */
export const CUSTODY_SCENARIOS: readonly Scenario[] = [
  {
    name: 'never-accepted',
    story: `Brought to the hospital and released to it, and nobody there ever said that they took it. It
      stands at the dock, the courier has gone home.

      Custody moves only by an acceptance: the carrier still holds it. The handover has been open for longer
      than half an hour; a late word would repair it, so the chain is incomplete and not broken.`,
    reports: [],
    script: cool(
      [
        ...departure(SEALS),
        { atMs: at(26), by: 'carrier', kind: 'delivered', said: { place: 'Example hospital' } },
        released({ from: 'carrier', to: 'centre', atMs: at(26, 5), seals: SEALS }),
        { atMs: at(28), by: 'sponsor', kind: 'cancelled', said: { reason: 'nobody took it' } },
      ],
      { untilMs: at(29) },
    ),
    expected: { ...WELL, chain: 'incomplete', holder: 'carrier', findings: ['HANDOVER_OPEN'] },
  },
  {
    name: 'given-by-the-wrong-holder',
    story: `The depot hands the box to the hospital's driver, although the carrier took it over two hours ago.
      Somebody used an old form.

      A wrong holder is recorded and found; refusing the entry would hide what happened. The chain is broken,
      and who holds it follows from the acceptance.`,
    reports: [],
    script: cool([
      ...departure(SEALS),
      ...handover({ from: 'distributor', to: 'centre', atMs: at(26, 5), seals: SEALS }),
      { atMs: at(26, 25), by: 'centre', kind: 'received', said: { seals: SEALS } },
      { atMs: at(27), by: 'centre', kind: 'opened', coiNamed: true },
    ]),
    expected: { ...WELL, chain: 'broken', findings: ['HOLDER_MISMATCH'] },
  },
  {
    name: 'taken-by-somebody-else',
    story: `Released to the hospital, accepted by the depot, whose driver stood next in the queue and signed
      what was put before him. The hospital then receives it all the same.

      An acceptance by somebody it was not released to breaks the chain, and makes them the holder until
      somebody accepts it from them.`,
    reports: [],
    script: cool(
      changed((step) =>
        step.by === 'centre' && step.kind === 'handover_accept' ? { ...step, by: 'distributor' } : step,
      ),
    ),
    expected: { ...WELL, chain: 'broken', holder: 'distributor', findings: ['RECIPIENT_MISMATCH'] },
  },
  {
    name: 'other-seals',
    story: `At the dock one of the two seals has another number. It may be a slip of the pen or a box that was
      opened and closed again; nobody can say.

      Seals are compared as sets at every handover. Others than those put on break the chain, each time they
      are seen.`,
    reports: [],
    script: cool([...departure(SEALS), ...arrival(['SEAL-1', 'SEAL-9'])]),
    expected: {
      ...WELL,
      chain: 'broken',
      findings: ['SEAL_MISMATCH', 'SEAL_MISMATCH', 'SEAL_MISMATCH'],
    },
  },
  {
    name: 'seals-not-looked-at',
    story: `The driver's hands were full and he gave the box away without a look at its seals; the hospital
      looked. Not looked is not the same as none there. It is a remark: the chain is intact, and the remark
      stays.`,
    reports: [],
    script: cool(
      changed((step) => {
        if (step.by !== 'carrier' || step.kind !== 'handover_release') return step
        const { seals: _unseen, ...said } = step.said ?? {}
        return { ...step, said }
      }),
    ),
    expected: { ...WELL, findings: ['SEALS_NOT_CHECKED'] },
  },
  {
    name: 'late-entry',
    story: `The carrier's acceptance was written on paper and entered by hand a day and more later, with the
      time at which it happened. Until then the handover was open and the depot still held the box.

      The chain is folded over what happened, not over when it was typed: intact, in the consignee's hands,
      with the remark that one entry came late.`,
    reports: [],
    script: cool(
      changed((step) =>
        step.by === 'carrier' && step.kind === 'handover_accept' ? { ...step, toldMs: at(28, 40) } : step,
      ),
    ),
    expected: { ...WELL, findings: ['LATE_ENTRY'] },
  },
  {
    name: 'accepted-before-released',
    story: `The hospital's acceptance carries a time ten minutes before the driver's release. One of the two
      clocks, or one of the two people, is wrong.

      Two minutes are a matter of clocks, ten are not: the times are reversed and the chain is broken. The
      acceptance counts from its release on, so the holder is still the one who has it.`,
    reports: [],
    script: cool(
      changed((step) =>
        step.by === 'centre' && step.kind === 'handover_accept'
          ? { ...step, atMs: at(25, 55), toldMs: at(26, 15) }
          : step,
      ),
    ),
    expected: { ...WELL, chain: 'broken', findings: ['TIME_REVERSED'] },
  },
  {
    name: 'accepted-without-release',
    story: `The carrier found the box on the ramp, took it along and said so; the depot never said that it
      gave it away. Custody needs two words. An acceptance without a release breaks the chain, though
      everybody knows where it is.`,
    reports: [],
    script: cool(changed((step) => (step.by === 'distributor' && step.kind === 'handover_release' ? null : step))),
    expected: { ...WELL, chain: 'broken', findings: ['ACCEPT_WITHOUT_RELEASE'] },
  },
  {
    name: 'slow-handover',
    story: `Fifty minutes lie between the driver's release and the hospital's acceptance: the porter was at
      lunch. Longer than half an hour is a remark about the handover, not a hole in the chain. Intact.`,
    reports: [],
    script: cool(
      changed((step) => {
        if (step.by !== 'centre') return step
        if (step.kind === 'handover_accept') return { ...step, atMs: at(26, 55) }
        return step.kind === 'received' ? { ...step, atMs: at(26, 57) } : step
      }),
    ),
    expected: { ...WELL, findings: ['HANDOVER_SLOW'] },
  },
  {
    name: 'opened-by-customs',
    story: `Customs open the box, with their order in writing, before the courier's eyes; new seals are put on
      and the witness signs. It is closed after some minutes.

      An opening under authority, with reseal and witness, is a remark. It does not end the window: the
      product is monitored until the consignee opens it.`,
    reports: [],
    script: cool([
      ...departure(SEALS),
      { atMs: at(19), by: 'carrier', kind: 'customs_hold', said: { place: hub, reason: 'inspection' } },
      { atMs: at(19, 10), by: 'carrier', kind: 'opened', said: { place: hub, authority: 'Example customs order 17' } },
      {
        atMs: at(19, 20),
        by: 'carrier',
        kind: 'resealed',
        said: { seals: ['SEAL-3', 'SEAL-4'], replaces: SEALS, witness: 'Example customs officer' },
      },
      { atMs: at(19, 30), by: 'carrier', kind: 'customs_released', said: { place: hub } },
      ...arrival(['SEAL-3', 'SEAL-4']),
    ]),
    expected: { ...WELL, findings: ['RESEALED'] },
  },
  {
    name: 'opened-on-the-way',
    story: `The courier opens the box at the hub, to see whether the papers are inside, and closes it with the
      old seals pasted over. He says so himself, and names nobody who told him to.

      Opened outside of its destination without authority, new seals and a witness: broken, even though every
      later check of the seals finds the right numbers.`,
    reports: [],
    script: cool([
      ...departure(SEALS),
      { atMs: at(19), by: 'carrier', kind: 'opened', said: { place: hub } },
      ...arrival(SEALS),
    ]),
    expected: { ...WELL, chain: 'broken', findings: ['OPENED_UNAUTHORISED'] },
  },
  {
    name: 'moved-after-its-end',
    story: `Both bags are recorded as destroyed, and an hour later as stored. One of the two entries concerns
      other bags. A unit that has ended can neither be moved nor opened. What is said about it afterwards is
      recorded and found: the chain is broken until somebody corrects the wrong one.`,
    reports: [],
    script: cool([
      ...SOUND_CUSTODY,
      { atMs: at(27, 30), by: 'centre', kind: 'destroyed', unitsNamed: true },
      { atMs: at(28, 30), by: 'centre', kind: 'stored', unitsNamed: true },
    ]),
    expected: { ...WELL, chain: 'broken', findings: ['EVENT_AFTER_TERMINAL'] },
  },
  {
    name: 'another-patient',
    story: `On opening, the label shows another chain-of-identity code than the shipment's. It is the gravest
      thing that can be found on a dock, and it is found by comparing two texts.

      Custody may be perfect and the identity wrong; each fails by itself. Broken.`,
    reports: [],
    script: cool(changed((step) => (step.kind === 'opened' ? { ...step, coi: 'COI-EXAMPLE-SOMEBODY-ELSE' } : step))),
    expected: { ...WELL, chain: 'broken', findings: ['COI_MISMATCH'] },
  },
  {
    name: 'two-drivers-words',
    story: `At the depot a temporary worker without account gives the box away, and a driver without account
      takes it: two acknowledgements, and no organisation's word behind either.

      Custody changes hands with two parties' words, of which one must be signed or attested. Nobody's is
      here:

      unsigned, incomplete.`,
    reports: [],
    script: cool(
      changed((step) => {
        if (step.by !== 'distributor' || step.kind !== 'handover_release') return step
        const { attestedBy: _nobody, ...said } = step.said ?? {}
        const acknowledgement = { name: 'Temporary worker', company: 'Example Staffing', code: 'ONE-TIME-1234' }
        return { ...step, said: { ...said, acknowledgement } }
      }),
    ),
    expected: { ...WELL, chain: 'incomplete', findings: ['HANDOVER_UNSIGNED'] },
  },
  {
    name: 'never-sealed',
    story: `Packed, handed over twice, received and opened; nobody ever recorded the seals being put on. The
      first who looked at them wrote down what he saw.

      A milestone that every shipment needs is missing. It may be entered later: incomplete, and not broken.`,
    reports: [],
    script: cool(changed((step) => (step.kind === 'sealed' ? null : step))),
    expected: { ...WELL, chain: 'incomplete', findings: ['MILESTONE_MISSING'] },
  },
  {
    name: 'wrong-time-corrected',
    story: `The packer typed the time of packing an hour too late, sees it the next morning and corrects it,
      with the reason. The wrong record stays, and the right one takes its place: the window begins an hour
      earlier, and the readings of that hour, which were outside of it, are judged now. In range, intact.`,
    reports: [],
    script: cool([
      ...changed((step) => {
        const wrong = { ...step, atMs: step.atMs + at(1), label: 'packed too late', toldMs: at(4, 5) }
        return step.kind === 'packed' ? wrong : step
      }),
      {
        atMs: at(22),
        by: 'distributor',
        kind: 'correction',
        said: { reason: 'typed the wrong hour' },
        corrects: {
          label: 'packed too late',
          instead: { atMs: PACKED_MS, by: 'distributor', kind: 'packed', unitsNamed: true, coiNamed: true },
        },
      },
    ]),
    expected: WELL,
  },
]
