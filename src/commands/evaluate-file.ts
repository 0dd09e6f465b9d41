import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { SetupError } from '../../db/setup-error.ts'
import { answersOf } from '../api/file-answers.ts'
import { printSummary } from '../api/import-answer.ts'
import { EXAMPLE_PROFILES, isExampleProfile } from '../domain/example-profiles.ts'
import type { Profile } from '../domain/profile.ts'
import type { Question } from '../loggers/question.ts'
import { readRows } from '../loggers/read-rows.ts'
import { summaryOf } from '../loggers/summary.ts'
import { type ByteSource, type Survey, surveyFile } from '../loggers/survey.ts'
import { type CaseAnswer, caseProfile, evaluateCase } from '../vectors/case.ts'
import { FILE_FLAGS, flagOf, openFile, readFileFlags } from './file-flags.ts'

const USAGE = `unbroken evaluate FILE --profile NAME|PROFILE.json
  --profile            ${Object.keys(EXAMPLE_PROFILES).join(', ')} (EXAMPLE LIMITS), or a JSON file with a
                       profile as in {profiles, cases}
${FILE_FLAGS}`

type Output = { print: (text: string) => void; warn: (text: string) => void }

/**
 * `unbroken evaluate FILE --profile …`: judges each temperature channel of a logger's file without a database, from its
 * first row to its last, and prints `{"profile", "summary", "results": [{"id": CHANNEL, …}]}`: the summary as the API
 * answers it, the results as for cases. Returns the exit code: 1 when the file cannot be read or leaves something open,
 * 2 when used wrongly.
 */
export async function evaluateFile(args: readonly string[], out: Output): Promise<number> {
  const read = readFileFlags(args, { flags: { profile: z.string() } })
  if ('problem' in read) {
    out.warn(`${read.problem}\n${USAGE}`)
    return 2
  }
  const profile = profileOf(read.given.profile)
  const source = await openFile(read.file)
  const surveyed = await surveyFile(source, answersOf(read.given))
  if (surveyed.outcome === 'no_table') return fail(out, `${read.file}: ${surveyed.detail}`)
  if (surveyed.outcome === 'asks') return fail(out, openQuestions(surveyed.questions))
  const { survey } = surveyed
  const results = await judgeChannels(source, survey, profile)
  if (results.length === 0) return fail(out, `${read.file} has no temperatures: there is nothing to judge.`)
  if (profile.example && isExampleProfile(read.given.profile)) out.warn(`EXAMPLE LIMITS: ${profile.name}`)
  const named = { name: profile.name || read.given.profile, example: profile.example }
  out.print(JSON.stringify({ profile: named, summary: printSummary(summaryOf(survey)), results }, null, 1))
  return 0
}

function fail(out: Output, text: string): number {
  out.warn(text)
  return 1
}

/** As the reader of files asks it, and as the API answers it. */
type OpenQuestion = Pick<Question, 'text' | 'offers'> & { answer: string }

/** What a file leaves open, each with the flag that answers it. */
export function openQuestions(questions: readonly OpenQuestion[]): string {
  return questions
    .map(({ answer, text, offers }) => {
      const such = offers.length === 0 ? '' : `, such as ${offers.join(', ')}`
      return `${text}\n  ${flagOf(answer)}${such}`
    })
    .join('\n')
}

function profileOf(given: string): Profile {
  if (isExampleProfile(given)) return EXAMPLE_PROFILES[given]
  const parsed = caseProfile.safeParse(readJson(given))
  if (parsed.success) return parsed.data
  throw new SetupError(`${given} is no profile:\n${z.prettifyError(parsed.error)}`)
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new SetupError(
      `--profile ${path} is neither one of ${Object.keys(EXAMPLE_PROFILES).join(', ')} nor a JSON file: ${reason}`,
    )
  }
}

type Rows = { at: number; milliC: number | null }[]

/** The record ends with its last reading, which counts: what comes after it is not known to be silence. */
async function judgeChannels(source: ByteSource, survey: Survey, profile: Profile): Promise<CaseAnswer[]> {
  const rowsOf = new Map<string, Rows>()
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for await (const rows of readRows(source, survey.plan)) {
    for (const { at, values } of rows) {
      from = Math.min(from, at)
      to = Math.max(to, at)
      for (const { channel, milliC } of values) {
        if (channel.quantity !== 'temperature') continue
        const known = rowsOf.get(channel.channel)
        if (known === undefined) rowsOf.set(channel.channel, [{ at, milliC }])
        else known.push({ at, milliC })
      }
    }
  }
  const window = { from, to }
  return [...rowsOf].map(([id, readings]) =>
    evaluateCase({ id, profile: 'given', window, windowClosed: false, readings }, { given: profile }),
  )
}
