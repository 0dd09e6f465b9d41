import type { z } from 'zod'
import type { importAnswer } from '../api/import-answer.ts'

type Answer = z.infer<typeof importAnswer>

/** What became of a file, as lines for a person. */
export function describeImport({ id, created, summary, run, held }: Answer): string[] {
  const { total, ...kinds } = summary.lines
  const device = [summary.vendor, summary.model, summary.serial && `serial ${summary.serial}`].filter(Boolean)
  const counts = Object.entries(kinds).filter(([, count]) => count !== 0)
  return [
    `${summary.dialect}${device.length > 0 ? `: ${device.join(', ')}` : ''}`,
    `${total} lines: ${counts.map(([kind, count]) => `${count} ${kind}`).join(', ')}`,
    `times ${summary.zone.used === null ? 'with their offsets' : `in ${summary.zone.used}`}, ${span(summary)}`,
    ...summary.channels.map(channelLine),
    ...summary.rejected.map(({ line, reason, text }) => `line ${line} rejected, ${reason}: ${text}`),
    ...summary.warnings.map(({ code, text }) => `${code}: ${text}`),
    ...held.map(({ line, at }) => `line ${line} held, implausible time: ${at}`),
    outcome(id, created, run),
  ]
}

function span({ first, last }: Answer['summary']): string {
  if (first === null || last === null) return 'no rows'
  return `${first.text} (${first.at}) to ${last.text} (${last.at})`
}

function channelLine({
  name,
  channel,
  unit,
  readings,
  faults,
  minimum,
  maximum,
}: Answer['summary']['channels'][number]) {
  const range = minimum === null || maximum === null ? '' : `, ${minimum.text} to ${maximum.text} ${unit ?? ''}`
  return `${name} → ${channel}: ${readings} readings, ${faults} faults${range}`
}

function outcome(id: Answer['id'], created: boolean, run: Answer['run']): string {
  if (id === null || run === null) return 'nothing was stored'
  const { stored, observations, duplicates, conflicts, held } = run
  const counts = `${stored} readings and ${observations} observations stored, ${duplicates} there already`
  return `import ${id}${created ? '' : ' (entered before)'}: ${counts}, ${conflicts} conflicts, ${held} held`
}
