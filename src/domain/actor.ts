import type { PersonRole } from './person.ts'
import { type Refusal, refuse } from './refusal.ts'

/**
 * Who acts: a machine (API key) or a person (session) of an organisation. Every action takes its actor; what a role may
 * do is this one table, what an organisation may see is `actions/visibility.ts`. Being let in is not signing: that
 * takes the password again (`actions/signatures.ts`).
 */
export type Actor = {
  kind: 'machine' | 'person' | 'sensor' | 'service'
  /** The API key's id, the person's or the sensor's; `service` for what the program does by itself. */
  id: string
  organisationId: number | null
  /** A machine's; null for everyone else. */
  role: Role | null
  /** A person's, as held in their own organisation. */
  personRoles?: readonly PersonRole[]
  /** The session by which a person acts. */
  sessionId?: number
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
 * What can be done, and by machines of which role (domain page section 7: an administrator has no QA rights, an auditor
 * only reads).
 */
const MAY = {
  manage_organisations: ['administrator'],
  manage_products: ['sponsor'],
  approve_profiles: ['sponsor'],
  manage_sensors: ['sponsor', 'distributor', 'carrier', 'treatment_centre'],
  import_readings: ['sponsor', 'distributor', 'carrier', 'treatment_centre'],
  enter_orders: ['sponsor', 'treatment_centre'],
  manage_containers: ['sponsor', 'distributor', 'carrier'],
  open_shipments: ['sponsor', 'distributor'],
  place_sensors: ['sponsor', 'distributor', 'carrier', 'treatment_centre'],
  record_custody: ['sponsor', 'distributor', 'carrier', 'treatment_centre'],
  scan_labels: ['sponsor', 'distributor', 'carrier', 'treatment_centre'],
  release_messages: ['administrator', 'sponsor', 'distributor'],
  hold_records: ['administrator', 'sponsor', 'distributor', 'treatment_centre'],
} as const satisfies Record<string, readonly Role[]>

export type Permission = keyof typeof MAY

/** The same for people. */
const PERSONS_MAY: Record<Permission, readonly PersonRole[]> = {
  manage_organisations: ['administrator'],
  manage_products: ['qa_sponsor'],
  approve_profiles: ['qa_sponsor'],
  manage_sensors: ['dispatcher', 'distributor', 'qa_sponsor', 'qa_site'],
  import_readings: ['carrier', 'distributor', 'receiver', 'qa_sponsor', 'qa_site'],
  enter_orders: ['receiver', 'responsible_pharmacist', 'physician', 'qa_sponsor'],
  manage_containers: ['packer', 'dispatcher', 'distributor', 'qa_sponsor'],
  open_shipments: ['packer', 'dispatcher', 'distributor', 'qa_sponsor'],
  place_sensors: ['packer', 'dispatcher', 'carrier', 'distributor', 'receiver', 'qa_sponsor', 'qa_site'],
  record_custody: [
    ...(['packer', 'dispatcher', 'carrier', 'distributor', 'receiver', 'verifier'] as const),
    ...(['responsible_pharmacist', 'physician', 'qa_sponsor', 'qa_site'] as const),
  ],
  scan_labels: [
    ...(['packer', 'distributor', 'receiver', 'verifier'] as const),
    ...(['responsible_pharmacist', 'physician', 'qa_sponsor', 'qa_site'] as const),
  ],
  release_messages: ['distributor', 'qa_sponsor', 'administrator'],
  hold_records: ['qa_sponsor', 'qa_site', 'administrator'],
}

/** Whether the actor's role allows the deed; the service itself may do what its actions do. */
export function may(actor: Actor, permission: Permission): boolean {
  if (actor.kind === 'service') return true
  if (actor.kind === 'person') return PERSONS_MAY[permission].some((role) => actor.personRoles?.includes(role))
  const roles: readonly Role[] = MAY[permission]
  return actor.role !== null && roles.includes(actor.role)
}

/** The refusal of a deed that the actor's role does not allow; null where it does. */
export function denied(actor: Actor, permission: Permission): Refusal | null {
  if (may(actor, permission)) return null
  if (actor.kind === 'person') {
    const roles = actor.personRoles?.join(', ') || 'none'
    const takes = PERSONS_MAY[permission].join(' or ')
    return refuse('not_allowed', `Your roles (${roles}) do not allow this: it takes ${takes}.`)
  }
  return refuse('not_allowed', `A key of role ${actor.role} may not do this: it takes ${MAY[permission].join(' or ')}.`)
}

/** Whether the actor administers: a machine of that role, or a person who holds it. */
export function isAdministrator(actor: Actor): boolean {
  return actor.kind === 'person' ? (actor.personRoles ?? []).includes('administrator') : actor.role === 'administrator'
}

/** The role or roles in which an actor acts, as the audit trail shows them. */
export function rolesShown(actor: Actor): string | null {
  return actor.kind === 'person' ? (actor.personRoles ?? []).join(', ') : actor.role
}

/** The organisation a machine or person acts for; only the service itself has none, and it owns nothing. */
export function organisationOf(actor: Actor): number {
  if (actor.organisationId === null) throw new Error(`the ${actor.kind} ${actor.id} acts for no organisation`)
  return actor.organisationId
}

/** The program itself, where nobody asked: following up on judging, closing placements with their window. */
export const SERVICE: Actor = { kind: 'service', id: 'service', organisationId: null, role: null, requestId: null }
