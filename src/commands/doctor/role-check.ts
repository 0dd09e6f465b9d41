import type { OwnerFacts } from '../../../db/owner-facts.ts'
import type { RoleFacts } from '../../../db/role-facts.ts'
import { type Check, fail, ok } from './check.ts'

/** Whether the serving role can change or delete what is evidence, and can do what the service does. */
export function checkRoles(role: RoleFacts, owner: OwnerFacts | 'not_configured'): Check[] {
  const { name, superuser, owns, differing } = role
  if (superuser)
    return [fail(NAME, `role "${name}" of DATABASE_URL is a superuser: append-only is not enforced`, SEPARATE)]
  if (owns.length > 0) {
    return [fail(NAME, `role "${name}" of DATABASE_URL owns ${listed(owns)}: append-only is not enforced`, SEPARATE)]
  }
  const tooMany = differing.filter((table) => table.tooMany.length > 0)
  const missing = differing.filter((table) => table.missing.length > 0)
  const evidence = tooMany.filter(({ appendOnly }) => appendOnly)
  if (tooMany.length + missing.length === 0) {
    const migrates = owner !== 'not_configured' && owner.usable ? `; role "${owner.name}" migrates` : ''
    return [ok(NAME, `role "${name}" serves, owns nothing, and has the rights it needs and no others${migrates}`)]
  }
  return [
    ...(tooMany.length === 0 ? [] : [fail(NAME, sentenceOf(name, tooMany, evidence.length > 0), TAKE_BACK)]),
    ...(missing.length === 0 ? [] : [fail(NAME, `role "${name}" lacks ${rightsOf(missing, 'missing')}`, GIVE)]),
  ]
}

const NAME = 'roles'
const SEPARATE =
  'Create a role with login and nothing else, let DATABASE_URL name it and DATABASE_OWNER_URL the owner, and ' +
  'start the service'
const GIVE =
  'Start the service with DATABASE_OWNER_URL, or run `npx unbroken migrate`: both set the rights of db/grants.sql'
const TAKE_BACK = `${GIVE} and take others back; a right that stays comes from another role (pg_write_all_data, PUBLIC)`

type Differing = RoleFacts['differing']

function sentenceOf(role: string, tooMany: Differing, touchesEvidence: boolean): string {
  const sentence = `role "${role}" may do more than it needs: ${rightsOf(tooMany, 'tooMany')}`
  return touchesEvidence ? `${sentence}; append-only is not enforced` : sentence
}

function rightsOf(tables: Differing, which: 'tooMany' | 'missing'): string {
  return listed(tables.map((table) => `${table[which].join(', ')} on ${table.table}`))
}

const MOST_LISTED = 5

function listed(things: readonly string[]): string {
  const more = things.length - MOST_LISTED
  return more <= 0 ? things.join('; ') : `${things.slice(0, MOST_LISTED).join('; ')} and ${more} more`
}
