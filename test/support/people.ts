import type { PersonRole } from '../../src/domain/person.ts'
import { type Api, type Json, named, type Party } from './api.ts'

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
