import { isPassword } from '../../src/actions/passwords.ts'
import type { PersonRole } from '../../src/domain/person.ts'
import { type Api, iso, type Json, named, type Party } from './api.ts'
import type { Lane } from './lane.ts'

/** A person with a password of their own and a session. */
export type TestPerson = { id: number; userName: string; printedName: string; password: string; token: string }

/** Adds a person to an organisation, who chooses a password and signs in; `admin` administers the installation. */
export async function personOf(
  api: Api,
  admin: Party,
  { organisationId, roles, ...more }: { organisationId: number; roles: PersonRole[]; siteId?: number },
): Promise<TestPerson> {
  const userName = named('person').replace(' ', '-')
  const printedName = `Dr. ${named('Name')}`
  const added = await api.post(admin.key, `/organisations/${organisationId}/persons`, {
    userName,
    printedName,
    roles,
    ...more,
  })
  const password = `correct horse of ${printedName}`
  await chooses(api, { userName, password: added.temporaryPassword, newPassword: password })
  return { id: added.person.id, userName, printedName, password, token: await tokenOf(api, { userName, password }) }
}

/** Changes a password, which must succeed. */
export async function chooses(
  api: Api,
  body: { userName: string; password: string; newPassword: string },
): Promise<Json> {
  const answer = await api.call(null, 'POST /password-changes', { body })
  if (answer.status !== 200) throw new Error(`the password was not changed: ${answer.text}`)
  return answer.body
}

/** Signs in, which must succeed. */
export async function tokenOf(api: Api, { userName, password }: { userName: string; password: string }) {
  const answer = await api.call(null, 'POST /sessions', { body: { userName, password } })
  if (answer.status !== 201) throw new Error(`nobody was signed in: ${answer.text}`)
  return String(answer.body.token)
}

/** People of a lane's parties, and one of an organisation it does not concern; the receiver's site is in Berlin. */
export type Signers = Awaited<ReturnType<typeof createSigners>>

export async function createSigners(api: Api, { admin, sponsor, centre, stranger }: Lane) {
  const zone = { name: named('site'), timeZone: 'Europe/Berlin' }
  const site = await api.post(admin.key, `/organisations/${centre.id}/sites`, zone)
  const of = (organisationId: number, roles: PersonRole[], more: { siteId?: number } = {}) =>
    personOf(api, admin, { organisationId, roles, ...more })
  return {
    packer: await of(sponsor.id, ['packer']),
    receiver: await of(centre.id, ['auditor', 'receiver'], { siteId: site.id }),
    verifier: await of(centre.id, ['verifier']),
    qa: await of(centre.id, ['receiver', 'qa_site']),
    otherQa: await of(centre.id, ['qa_site']),
    stranger: await of(stranger.id, ['receiver', 'packer']),
  }
}

/** A signature as a body has it: of who is signed in, or of another person. */
export function own({ password }: TestPerson, meaning: string, more: object = {}) {
  return { password, meaning, ...more }
}
export function other({ userName, password }: TestPerson, meaning: string) {
  return { userName, password, meaning }
}

export const PACKED = { kind: 'packed', at: iso(0), units: ['BAG-1'] }

/** A release to an organisation, as handover H1. */
export function releaseTo(organisationId: number) {
  return { kind: 'handover_release', at: iso(10), handoverId: 'H1', toOrganisationId: organisationId, seals: ['S1'] }
}

/** Runs work while as many passwords wait to be looked at as may wait. */
export async function crowded<T>(work: () => Promise<T>): Promise<T> {
  let isOver = false
  const ask = async () => {
    // one that is answered asks again at once, before anyone else comes
    while (!isOver && (await isPassword('guess', null)) === false);
  }
  const crowd = Array.from({ length: 200 }, ask)
  try {
    return await work()
  } finally {
    isOver = true
    await Promise.all(crowd)
  }
}
