import { type Refusal, refuse } from './refusal.ts'

/**
 * Who acts: a machine (API key) of an organisation today, people later. Every action takes its actor; what a role may
 * do is this one table, what an organisation may see is `actions/visibility.ts`.
 */
export type Actor = {
  kind: 'machine' | 'person' | 'sensor' | 'service'
  /** The API key's id, the person's or the sensor's; `service` for what the program does by itself. */
  id: string
  organisationId: number | null
  role: Role | null
  /** Ties log lines, audit rows and the answer together. */
  requestId: string | null
  /** The idempotency key of the request, which the deed spends in its own transaction. */
  claim?: Claim
}

/** One attempt at a request that its sender may repeat. */
export type Claim = { key: string; attempt: string }

export const ROLES = ['administrator', 'sponsor', 'distributor', 'carrier', 'treatment_centre', 'auditor'] as const
export type Role = (typeof ROLES)[number]

/**
 * What can be done, and by which role (domain page section 7: an administrator has no QA rights, an auditor only
 * reads).
 */
const MAY = {
  manage_organisations: ['administrator'],
  manage_products: ['sponsor'],
  approve_profiles: ['sponsor'],
  manage_sensors: ['sponsor', 'distributor', 'carrier', 'treatment_centre'],
  enter_orders: ['sponsor', 'treatment_centre'],
  manage_containers: ['sponsor', 'distributor', 'carrier'],
  open_shipments: ['sponsor', 'distributor'],
  place_sensors: ['sponsor', 'distributor', 'carrier', 'treatment_centre'],
  record_custody: ['sponsor', 'distributor', 'carrier', 'treatment_centre'],
  release_messages: ['administrator', 'sponsor', 'distributor'],
  hold_records: ['administrator', 'sponsor', 'distributor', 'treatment_centre'],
} as const satisfies Record<string, readonly Role[]>

export type Permission = keyof typeof MAY

/** Whether the actor's role allows the deed; the service itself may do what its actions do. */
export function may(actor: Actor, permission: Permission): boolean {
  if (actor.kind === 'service') return true
  const roles: readonly Role[] = MAY[permission]
  return actor.role !== null && roles.includes(actor.role)
}

/** The refusal of a deed that the actor's role does not allow; null where it does. */
export function denied(actor: Actor, permission: Permission): Refusal | null {
  if (may(actor, permission)) return null
  return refuse('not_allowed', `A key of role ${actor.role} may not do this: it takes ${MAY[permission].join(' or ')}.`)
}

/** The organisation a machine or person acts for; only the service itself has none, and it owns nothing. */
export function organisationOf(actor: Actor): number {
  if (actor.organisationId === null) throw new Error(`the ${actor.kind} ${actor.id} acts for no organisation`)
  return actor.organisationId
}

/** The program itself, where nobody asked: following up on judging, closing placements with their window. */
export const SERVICE: Actor = { kind: 'service', id: 'service', organisationId: null, role: null, requestId: null }
