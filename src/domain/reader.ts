import type { Actor } from './actor.ts'
import { type Refusal, refuse } from './refusal.ts'

/** Who read a label: `key` tells people of one organisation apart, `name` is shown; of an account its printed name. */
export type Reader = { readonly key: string; readonly name: string }

/**
 * The person who reads. A person acts for nobody else. A machine cannot read a label: it names the person who did, as
 * its organisation's word; two spellings that differ in case or blanks are the same person.
 */
export function readerOf(actor: Actor, named: string | null): Reader | Refusal {
  if (actor.kind === 'person') {
    if (named !== null) return refuse('invalid', 'person: leave it out, you read for yourself.')
    return { key: `person:${actor.id}`, name: `person ${actor.id}` }
  }
  if (named === null) return refuse('invalid', 'person: name who read the label; a machine cannot.')
  return { key: `named:${plainName(named)}`, name: named }
}

/** Who asks, where that is known: people always, machines where they say for whom they ask. */
export function askerKey(actor: Actor, named: string | null): string | null {
  if (actor.kind === 'person') return `person:${actor.id}`
  return named === null ? null : `named:${plainName(named)}`
}

function plainName(name: string): string {
  return name.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ')
}
