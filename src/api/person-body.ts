import { z } from '@hono/zod-openapi'
import type { Person } from '../actions/persons.ts'
import { MAX_PASSWORD_CHARS, PERSON_ROLES } from '../domain/person.ts'
import { isoInstant } from '../domain/units.ts'
import { isoOrNull, printedInstant } from './inputs.ts'

/** A user name as it is typed: capitals are the same letters. */
export const userName = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._@+-]{2,63}$/, 'must be 3 to 64 of a-z, 0-9 and . _ @ + -, beginning with a letter or digit')

/** A password as it is typed; what may be chosen is for the rules to say. */
export const password = z
  .string()
  .min(1)
  .max(MAX_PASSWORD_CHARS * 2)
  .meta({ format: 'password' })

export const personRole = z.enum(PERSON_ROLES)

export const person = z
  .object({
    id: z.int(),
    organisationId: z.int(),
    userName: z.string(),
    printedName: z.string(),
    email: z.string().nullable(),
    siteId: z.int().nullable().meta({ description: 'where they work; its time zone stands beside their signatures' }),
    roles: z.array(z.object({ role: personRole, organisationId: z.int() })),
    knownAt: printedInstant,
    disabledAt: printedInstant.nullable(),
    lockedUntil: printedInstant.nullable(),
  })
  .openapi('Person')

/** A person as the door prints them. */
export function printPerson({ knownAt, disabledAt, lockedUntilAt, ...rest }: Person): z.infer<typeof person> {
  return {
    ...rest,
    knownAt: isoInstant(knownAt),
    disabledAt: isoOrNull(disabledAt),
    lockedUntil: isoOrNull(lockedUntilAt),
  }
}
