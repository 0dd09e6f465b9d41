import { z } from '@hono/zod-openapi'
import type { Answers } from '../loggers/question.ts'
import { DATE_ORDERS } from '../loggers/written-time.ts'

const COLUMN = /^.{1,200}=(?:-|[a-z][a-z0-9_]{0,31}(?::[A-Z0-9]{2,3})?)$/s

/** What a person says about a file beyond what it says itself: the same in a query and on the command line. */
export const fileAnswers = {
  zone: z
    .string()
    .max(60)
    // a plus sign in a query string is written as a space by many
    .transform((text) => text.replace(/^ (?=\d)/, '+'))
    .optional()
    .meta({ description: 'of local times: Europe/Berlin, +02:00', example: 'Europe/Berlin' }),
  dateOrder: z.enum(DATE_ORDERS).optional().meta({ description: 'of dates such as 11/10/12' }),
  unit: z.enum(['CEL', 'FAH', 'KEL']).optional().meta({ description: 'of temperatures whose unit the file omits' }),
  channel: z
    .union([z.string(), z.array(z.string()).max(50)])
    .transform((given) => [given].flat())
    .pipe(z.array(z.string().regex(COLUMN, 'must read COLUMN=channel, COLUMN=channel:UNIT or COLUMN=-')))
    .optional()
    .meta({
      description:
        'COLUMN=channel or COLUMN=channel:UNIT, once per column: where its values go; COLUMN=- leaves it out',
    }),
}

const parsed = z.object(fileAnswers)

/** The answers as the reader of files takes them. */
export function answersOf({ zone, dateOrder, unit, channel = [] }: z.output<typeof parsed>): Answers {
  const columns = channel.map((text) => {
    const at = text.lastIndexOf('=')
    return [text.slice(0, at), text.slice(at + 1)]
  })
  return { zone: zone ?? null, dateOrder: dateOrder ?? null, unit: unit ?? null, channels: Object.fromEntries(columns) }
}
