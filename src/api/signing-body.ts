import { z } from '@hono/zod-openapi'
import { MEANINGS } from '../domain/signature.ts'
import { prose } from './inputs.ts'
import { password, userName } from './person-body.ts'

/**
 * Signing, in the body of whatever is signed: the password again, each time, whoever is signed in. A second factor will
 * be one more member.
 */
export const signing = z
  .object({
    userName: userName.optional().meta({ description: 'of who signs; absent: you, whose session this is' }),
    password,
    meaning: z.enum(MEANINGS).meta({ description: 'what the signature means' }),
    reason: prose.optional(),
  })
  .openapi('Signing')

/** The same for a second person, who is never the one signed in. */
export const secondSigning = signing.extend({ userName }).openapi('SecondSigning')
