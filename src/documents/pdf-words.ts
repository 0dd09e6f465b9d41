import type { Certificate } from '../domain/certificate-form.ts'
import type { Reason } from '../domain/evaluation-record.ts'
import { type Verdict, worstVerdict } from '../domain/finding.ts'
import { exactC } from '../domain/units.ts'
import type { Drawn } from './pdf-chart.ts'
import type { Tone } from './pdf-paper.ts'
import { spokenDuration } from './place-time.ts'

/** What is said of a verdict on paper, and how it looks. */
export type Said = { readonly word: string; readonly tone: Tone; readonly why: readonly string[] }

const STATUS: Record<Certificate['temperature']['status'], { word: string; tone: Tone }> = {
  in_range: { word: 'In range', tone: 'good' },
  excursion_below_alarm: { word: 'Excursion below alarm', tone: 'mild' },
  indeterminate: { word: 'Indeterminate', tone: 'unsure' },
  alarm: { word: 'Alarm', tone: 'bad' },
}

/** The temperature verdict, with what it rests on. */
export function temperatureSaid({ certificate, judged, time }: Drawn): Said {
  const { status, severity, complete, reasons } = certificate.temperature
  const alarms = certificate.profile.limits.levels.flatMap((level, index) => {
    const found = judged.assessment.combined?.levels[index]
    if (found === undefined || found.events.length === 0) return []
    const { alarm } = found
    const limit = `${level.side === 'high' ? 'above' : 'below'} ${exactC(level.limitMilliC)} °C`
    const out = `${level.id}: ${spokenDuration(found.totalConfirmedMs)} ${limit}`
    const raised = alarm.state === 'none' ? 'below its alarm' : `${alarm.state} alarm at ${time.local(alarm.at)}`
    return [`${out}, ${raised}.`]
  })
  const { word, tone } = STATUS[status]
  const data = complete ? 'Data are complete.' : 'Data are not complete.'
  const why = reasons.map((reason) => (isReason(reason) ? REASONS[reason] : reason))
  return { word: severity === null ? word : `${word}, ${severity}`, tone, why: [...alarms, data, ...why] }
}

const REASONS: Record<Reason, string> = {
  NOT_PACKED: 'Nothing was packed.',
  NO_READINGS: 'No reading is known.',
  GAP: 'There are gaps without data.',
  PRESUMED_ALARM: 'An alarm is presumed: a gap lies beside readings out of limits.',
  CALIBRATION_INVALID: 'The calibration of a sensor does not cover the journey.',
  SENSOR_SUSPECT: 'A sensor stood still for hours.',
  ARCHIVED: 'Readings are archived.',
  NOT_REJUDGED: 'Something changed that was not judged yet.',
  READOUT_DIFFERS: 'The memory that was read out lacks what was sent.',
}

function isReason(text: string): text is Reason {
  return Object.hasOwn(REASONS, text)
}

const CHAIN: Record<Certificate['custody']['chainStatus'], { word: string; tone: Tone }> = {
  intact: { word: 'Intact', tone: 'good' },
  incomplete: { word: 'Incomplete', tone: 'unsure' },
  broken: { word: 'Broken', tone: 'bad' },
}

/** The verdict on custody, with its findings. */
export function custodySaid(given: Certificate): Said {
  const { chainStatus, findings, holder, signed, attested, acknowledgements } = given.custody
  const texts = [...new Set(findings.filter(({ severity }) => severity !== 'remark').map(({ text }) => text))]
  const remarks = findings.filter(({ severity }) => severity === 'remark').length
  const counts = [`${signed.length} signed`, `${attested.length} attested`, `${acknowledgements.length} acknowledged`]
  const hands = `Handover entries: ${counts.join(', ')}.`
  const held = holder === null ? 'Held by nobody on record.' : `Held by ${organisationName(given, holder)}.`
  const more = remarks === 0 ? [] : [`${remarks} remark(s), see custody.`]
  return { ...CHAIN[chainStatus], why: [held, ...texts, hands, ...more] }
}

const VERDICT: Record<Verdict, { word: string; tone: Tone }> = {
  ACCEPT: { word: 'Accept', tone: 'good' },
  INDETERMINATE: { word: 'Indeterminate', tone: 'unsure' },
  QUARANTINE: { word: 'Quarantine', tone: 'bad' },
  REJECT_RECOMMENDED: { word: 'Reject recommended', tone: 'bad' },
}

/** The verdict of the receipt: the worst of its units, where they stand, and what was found. */
export function receiptSaid({ receipt }: Certificate): Said {
  if (receipt === null) return { word: 'Not recorded', tone: 'none', why: ['No receipt is part of this certificate.'] }
  const { units, openReReviews } = receipt
  const worst = worstVerdict(units.flatMap(({ verdict }) => verdict ?? []))
  const findings = [...new Set(units.flatMap((unit) => unit.findings))]
  const states = Map.groupBy(units, ({ state, usable }) => `${words(state)}${usable ? '' : ', not to be used'}`)
  const standing = [...states].map(([state, own]) => `${own.length} ${own.length === 1 ? 'unit' : 'units'}: ${state}.`)
  const review = openReReviews > 0 ? ['RE-REVIEW: not to be used until decided.'] : []
  const found =
    findings.length === 0
      ? ['Nothing was found.']
      : findings.slice(0, MOST_FOUND).map((one) => words(one.toLowerCase()))
  const more = findings.length > MOST_FOUND ? [`and ${findings.length - MOST_FOUND} more`] : []
  const { word, tone } = worst === null ? { word: 'No verdict', tone: 'none' as const } : VERDICT[worst]
  return { word, tone: openReReviews > 0 ? 'bad' : tone, why: [...review, ...standing, ...found, ...more] }
}

/** As many as a tile holds. */
const MOST_FOUND = 6

/** The name of an organisation by its key in the ledger. */
export function organisationName({ organisations }: Certificate, key: string): string {
  return organisations.find((one) => one.key === key)?.name ?? key
}

/** `handover_release` as people read it. */
export function words(code: string): string {
  const text = code.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
