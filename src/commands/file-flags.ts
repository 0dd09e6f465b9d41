import { createReadStream } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { SetupError } from '../../db/setup-error.ts'
import { fileAnswers } from '../api/file-answers.ts'
import type { ByteSource } from '../loggers/survey.ts'

/** The flags of both commands that read a logger's file, for their usage. */
export const FILE_FLAGS = `  --zone ZONE          of local times in a file that names none: Europe/Berlin, +02:00
  --date-order dmy|mdy|ymd                 of dates that may be read in two ways
  --unit CEL|FAH|KEL   of temperatures whose unit the file omits
  --channel COLUMN=channel[:UNIT]          where the values of a column go, COLUMN=- leaves it out; once per column`

/** Values of flags, in camel case, before they are checked; `flags` are those of the command itself. */
type Shape = Record<string, z.ZodType>

/**
 * Reads `FILE --flag value …`: the answers about a file and the flags of the command. What is wrong comes back as
 * sentences that name the flag.
 */
export function readFileFlags<Flags extends Shape>(
  args: readonly string[],
  { flags, switches = [] }: { flags: Flags; switches?: readonly string[] },
) {
  const schema = z.object({ ...fileAnswers, ...flags })
  const options = Object.keys(schema.shape).map((name) => {
    const type = switches.includes(name) ? ('boolean' as const) : ('string' as const)
    return [kebab(name), { type, multiple: name === 'channel' }] as const
  })
  try {
    const { values, positionals } = parseArgs({
      args: withNegatives(args),
      options: Object.fromEntries(options),
      allowPositionals: true,
    })
    const [file] = positionals
    if (file === undefined || positionals.length > 1) return { problem: 'give one FILE' }
    const parsed = schema.safeParse(Object.fromEntries(Object.entries(values).map(([key, to]) => [camel(key), to])))
    if (parsed.success) return { file, given: parsed.data }
    const isGiven = (name: string) => Object.hasOwn(values, name)
    const said = parsed.error.issues.map(({ path, message }) => {
      const name = kebab(String(path[0]))
      return `--${name} ${isGiven(name) ? message : 'is needed'}`
    })
    return { problem: said.join('\n') }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

/** `--zone -06:00` as `--zone=-06:00`: else its value looks like another flag. */
function withNegatives(args: readonly string[]): string[] {
  const isNegative = (index: number) => /^-\d/.test(args[index] ?? '') && /^--[a-z-]+$/.test(args[index - 1] ?? '')
  return args.flatMap((argument, index) => {
    if (isNegative(index)) return []
    return [isNegative(index + 1) ? `${argument}=${args[index + 1]}` : argument]
  })
}

/** The flag that answers a question about a file. */
export function flagOf(answer: string): string {
  return `--${kebab(answer)}`
}

/** A file that can be read now, as often as needed; `SetupError` where it cannot. */
export async function openFile(path: string): Promise<ByteSource> {
  const problem = await access(path, constants.R_OK)
    .then(() => stat(path))
    .then(
      (found) => (found.isFile() ? null : 'it is no file'),
      (error) => (error instanceof Error ? error.message : String(error)),
    )
  if (problem !== null) throw new SetupError(`cannot read ${path}: ${problem}`)
  return () => createReadStream(path)
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
