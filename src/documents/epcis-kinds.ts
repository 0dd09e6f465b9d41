import type { CustodyKind } from '../domain/custody-event.ts'
import type { PersistentDisposition } from './epcis-event.ts'
import type { Action, BizStep, Disposition } from './epcis-vocabulary.ts'

/** How a kind of custody event is told in EPCIS; what a single event adds (places, parties, seals) is not here. */
export type KindMapping = {
  /**
   * What it is about. `contents`: the bags in their box (AggregationEvent). `logger`: on its container
   * (AssociationEvent). `units`: the bags named, else the box. `donation`: the bags before they were any.
   */
  readonly about: 'box' | 'units' | 'contents' | 'logger' | 'donation'
  readonly action: Action
  readonly bizStep: BizStep
  /** Null: left out, as CBV advises where none says anything. */
  readonly disposition: Disposition | null
  readonly persistent?: PersistentDisposition
  /** Where the thing is afterwards: at the site, at the very position, or nowhere that could be named. */
  readonly location: 'site' | 'position' | null
  /** Whose hands it leaves and reaches; `given` from who speaks to who is named. */
  readonly hands: 'given' | 'taken' | 'received' | 'readdressed' | null
  /** Whether `cc:custodyKind` says what it was, because EPCIS terms alone do not tell it from another kind. */
  readonly isNamed: boolean
}

/**
 * Every kind of domain page section 4.2. Those of its mapping table (5.2) are told as it says; the others by the terms
 * of CBV 2.0 that say what happened and no more, with the kind beside them. `other` stands where CBV has no term:
 * the giver's half of a handover (`accepting` is the taker's, `consigning` would exclude it), topping up a coolant,
 * a new address, a refusal, a loss, thawing.
 */
export const KINDS: Readonly<Record<Exclude<CustodyKind, 'correction'>, KindMapping>> = {
  collection: of('donation', 'ADD', { bizStep: 'commissioning', disposition: 'active', location: 'site' }),
  packed: of('contents', 'ADD', { bizStep: 'packing', disposition: 'in_progress', location: 'site' }),
  logger_paired: of('logger', 'ADD', { bizStep: 'assembling' }),
  logger_unpaired: of('logger', 'DELETE', { bizStep: 'removing' }),
  sealed: of('box', 'OBSERVE', { bizStep: 'packing', disposition: 'container_closed', location: 'site' }),
  resealed: named('box', { bizStep: 'packing', disposition: 'container_closed', location: 'site' }),
  handover_release: named('box', { bizStep: 'other', disposition: 'in_transit', hands: 'given' }),
  handover_accept: of('box', 'OBSERVE', { bizStep: 'accepting', disposition: 'in_transit', hands: 'taken' }),
  replenished: named('box', { bizStep: 'other', location: 'site' }),
  repacked: named('units', { bizStep: 'repackaging', location: 'site' }),
  readdressed: named('box', { bizStep: 'other', disposition: 'in_transit', hands: 'readdressed' }),
  refused: named('box', { bizStep: 'other', disposition: 'in_transit' }),
  lost: named('box', { bizStep: 'other', disposition: 'unknown' }),
  cancelled: named('box', { bizStep: 'void_shipping' }),
  stored: named('units', { bizStep: 'storing', location: 'position' }),
  removed: named('units', { bizStep: 'storing', location: 'site' }),
  thawed: named('units', { bizStep: 'other', location: 'site' }),
  pickup: named('box', { bizStep: 'loading', disposition: 'in_transit' }),
  departed: of('box', 'OBSERVE', { bizStep: 'departing', disposition: 'in_transit' }),
  arrived: of('box', 'OBSERVE', { bizStep: 'arriving', disposition: 'in_transit', location: 'site' }),
  customs_hold: of('box', 'OBSERVE', { bizStep: 'holding', disposition: 'in_transit', location: 'site' }),
  customs_released: named('box', { bizStep: 'inspecting', disposition: 'in_transit', location: 'site' }),
  delivered: of('box', 'OBSERVE', { bizStep: 'arriving', disposition: 'in_transit' }),
  received: of('box', 'OBSERVE', {
    bizStep: 'receiving',
    disposition: 'in_progress',
    location: 'site',
    hands: 'received',
  }),
  seal_check: named('box', { bizStep: 'inspecting', location: 'site' }),
  opened: of('box', 'OBSERVE', { bizStep: 'inspecting', disposition: 'container_open', location: 'site' }),
  unpacked: of('contents', 'DELETE', {
    bizStep: 'unpacking',
    disposition: 'completeness_verified',
    location: 'site',
  }),
  inspected: of('units', 'OBSERVE', { bizStep: 'inspecting', disposition: 'conformant', location: 'site' }),
  accepted: named('units', { bizStep: 'inspecting', disposition: 'conformant', location: 'site' }),
  quarantined: of('units', 'OBSERVE', {
    bizStep: 'holding',
    disposition: 'unavailable',
    persistent: { set: ['unavailable'] },
    location: 'position',
  }),
  released: of('units', 'OBSERVE', {
    bizStep: 'storing',
    disposition: 'available',
    persistent: { unset: ['unavailable'] },
    location: 'position',
  }),
  rejected: of('units', 'OBSERVE', { bizStep: 'inspecting', disposition: 'non_conformant', location: 'site' }),
  // given although out of specification: available from now on, and non-conformant for ever
  released_exceptionally: named('units', {
    bizStep: 'storing',
    disposition: 'available',
    persistent: { set: ['non_conformant'], unset: ['unavailable'] },
    location: 'position',
  }),
  returned: of('units', 'OBSERVE', { bizStep: 'shipping', disposition: 'returned', hands: 'given' }),
  destroyed: of('units', 'DELETE', { bizStep: 'destroying', disposition: 'destroyed' }),
  administered: of('units', 'DELETE', { bizStep: 'dispensing', disposition: 'dispensed' }),
}

type Rest = Pick<KindMapping, 'bizStep'> & Partial<Omit<KindMapping, 'about' | 'action' | 'bizStep' | 'isNamed'>>

function of(about: KindMapping['about'], action: Action, rest: Rest): KindMapping {
  return { about, action, disposition: null, location: null, hands: null, isNamed: false, ...rest }
}

/** An observation whose terms another kind has, too. */
function named(about: KindMapping['about'], rest: Rest): KindMapping {
  return { ...of(about, 'OBSERVE', rest), isNamed: true }
}
