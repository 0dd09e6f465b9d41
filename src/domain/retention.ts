import { addMonths } from './month.ts'

/**
 * How long records are kept (domain page 1.9): every rule that applies gives an instant, the longest rule wins, and a
 * legal hold stands above them all. Nothing here deletes; it says from when on something may be archived.
 */

/** The classes of records that rules speak of. */
export const RECORD_CLASSES = ['readings', 'observations', 'messages', 'custody', 'evaluations', 'audit'] as const
export type RecordClass = (typeof RECORD_CLASSES)[number]

/**
 * What a period is counted from. `creation`: the newest statement recorded; `manufacture`: the packing, which is not
 * earlier; `end`: opened, refused, lost or cancelled; `expiry`: of the unit that expires last.
 */
type Anchor = 'creation' | 'manufacture' | 'end' | 'expiry'

export type RetentionRule = {
  id: string
  months: number
  /** The latest of these counts. */
  after: readonly Anchor[]
  classes: readonly RecordClass[]
  source: string
}

/** Every rule that this program knows; a product may add a longer one. */
export const RETENTION_RULES: readonly RetentionRule[] = [
  rule({ id: 'EU_ATMP', months: 360, after: ['expiry'], source: 'Regulation (EC) 1394/2007 Art. 15' }),
  rule({ id: 'EU_GDP', months: 60, after: ['end'], source: 'EU GDP 2013/C 343/01' }),
  rule({ id: 'US_1271_CREATION', months: 120, after: ['creation'], source: '21 CFR 1271.270(d)' }),
  rule({ id: 'US_1271_PRODUCT', months: 120, after: ['end', 'expiry'], source: '21 CFR 1271.270(d)' }),
  rule({ id: 'US_211', months: 12, after: ['expiry'], source: '21 CFR 211.180' }),
  rule({ id: 'US_600_MANUFACTURE', months: 60, after: ['manufacture'], source: '21 CFR 600.12' }),
  rule({ id: 'US_600_EXPIRY', months: 6, after: ['expiry'], source: '21 CFR 600.12' }),
  { id: 'US_DSCSA', months: 72, after: ['end'], classes: ['custody'], source: 'DSCSA' },
]

function rule(given: Omit<RetentionRule, 'classes'>): RetentionRule {
  return { ...given, classes: RECORD_CLASSES }
}

/** Years after expiry that no rule of a product may go below: the default for cell products. */
export const LEAST_YEARS = 30

/** What the sponsor of a product adds: years after expiry by class; its shelf life, for units that state no expiry. */
export type ProductRetention = {
  years: Readonly<Record<RecordClass, number>>
  /** No unit expires later than so many years after its journey ended; null: nobody said. */
  shelfLifeYears: number | null
}

/** What the rules ask of a shipment; instants in epoch milliseconds. */
export type RetentionFacts = {
  packedAt: number | null
  /** Null: the journey goes on, or nothing was packed. */
  closedAt: number | null
  /** When the newest statement about it was recorded. */
  lastKnownAt: number
  /** Of the units that state an expiry, the last. */
  lastExpiryAt: number | null
  everyExpiryKnown: boolean
  product: ProductRetention | null
}

/** Why there is no end yet: the journey goes on, or a unit states no expiry and its product no shelf life. */
export type NoEnd = 'NOT_ENDED' | 'EXPIRY_UNKNOWN'

/** Until when a rule keeps something; without an end it says why. */
export type Kept = { rule: string; source: string } & ({ until: number } | { until: null; why: NoEnd })

/** What every rule says about a class of a shipment's records, the longest first. */
export function retentionOf(facts: RetentionFacts, recordClass: RecordClass): [Kept, ...Kept[]] {
  const kept = [...RETENTION_RULES, ...productRules(facts.product)]
    .filter(({ classes }) => classes.includes(recordClass))
    .map((one) => keptBy(one, facts))
    .sort((a, b) => (lengthOf(a) === lengthOf(b) ? 0 : lengthOf(b) - lengthOf(a)))
  const [first, ...others] = kept
  if (first === undefined) throw new Error(`no rule keeps ${recordClass}`)
  return [first, ...others]
}

/** Whichever keeps longer; without an end is longest. */
export function longerOf(a: Kept, b: Kept): Kept {
  return lengthOf(b) > lengthOf(a) ? b : a
}

/** Whether the retention has passed at an instant. */
export function hasPassed(kept: Kept, now: number): boolean {
  return kept.until !== null && kept.until <= now
}

/**
 * How long what a sensor measured in a month is kept where it never rode with a shipment: by the rules that count from
 * its creation alone. `recordedAt` is when the newest of it was received.
 */
export function unplacedRetention(recordedAt: number): Kept {
  const own = RETENTION_RULES.filter(({ after }) => after.every((anchor) => anchor === 'creation'))
  const kept = own.map(({ id, source, months }): Kept => ({ rule: id, source, until: addMonths(recordedAt, months) }))
  return kept.reduce(longerOf)
}

function lengthOf({ until }: Kept): number {
  return until ?? Number.POSITIVE_INFINITY
}

function keptBy({ id, months, after, source }: RetentionRule, facts: RetentionFacts): Kept {
  const anchors = after.map((anchor) => anchorOf(anchor, facts))
  const missing = anchors.find((anchor) => typeof anchor === 'string')
  if (missing !== undefined) return { rule: id, source, until: null, why: missing }
  const latest = Math.max(...anchors.filter((anchor) => typeof anchor === 'number'))
  return { rule: id, source, until: addMonths(latest, months) }
}

function productRules(product: ProductRetention | null): RetentionRule[] {
  if (product === null) return []
  return RECORD_CLASSES.map((recordClass) => ({
    id: 'PRODUCT',
    months: product.years[recordClass] * 12,
    after: ['expiry'],
    classes: [recordClass],
    source: 'the sponsor of the product',
  }))
}

function anchorOf(anchor: Anchor, facts: RetentionFacts): number | NoEnd {
  switch (anchor) {
    case 'creation':
      return facts.lastKnownAt
    case 'manufacture':
      return facts.packedAt ?? facts.lastKnownAt
    case 'end':
      return endOf(facts)
    case 'expiry':
      return expiryOf(facts)
  }
}

/** What was never packed has no journey to end: the newest word about it counts. */
function endOf({ packedAt, closedAt, lastKnownAt }: RetentionFacts): number | NoEnd {
  if (packedAt === null) return lastKnownAt
  return closedAt ?? 'NOT_ENDED'
}

function expiryOf(facts: RetentionFacts): number | NoEnd {
  const { lastExpiryAt, everyExpiryKnown, product } = facts
  if (everyExpiryKnown && lastExpiryAt !== null) return lastExpiryAt
  const shelfLifeYears = product?.shelfLifeYears ?? null
  if (shelfLifeYears === null) return 'EXPIRY_UNKNOWN'
  const end = endOf(facts)
  return typeof end === 'string' ? end : Math.max(addMonths(end, shelfLifeYears * 12), lastExpiryAt ?? end)
}
