import { DatabaseError } from 'pg'
import { SetupError } from './setup-error.ts'

/**
 * Why a database could not be reached, as one sentence that says what to do; never holds the password.
 * `error` is what connecting threw, `url` the URL that was used.
 */
export function connectionError(error: unknown, url: string): string {
  const target = describeTarget(url)
  if (target === null) return MALFORMED_URL
  const sentence = SENTENCES[codeOf(error)]
  if (sentence !== undefined) return sentence(target)
  const reason = error instanceof Error ? error.message : String(error)
  if (reason === NO_SSL) return `${target.server} speaks no TLS: remove sslmode from the URL, or turn TLS on there.`
  return `Cannot connect to ${target.server} as ${target.role}: ${reason}.`
}

/** Throws the sentence for a URL that is not one of a PostgreSQL database. */
export function requireDatabaseUrl(url: string): void {
  if (describeTarget(url) === null) throw new SetupError(MALFORMED_URL)
}

/**
 * Whether a failure is one of the connection or of the server's moment (down, restarting, full, failing over), not of
 * the statement: the same work may be tried again later. Says nothing about whether a running COMMIT took effect.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof DatabaseError) return TRANSIENT_STATES.test(error.code ?? '')
  if (!(error instanceof Error)) return false
  return TRANSIENT_SOCKET_CODES.has(codeOf(error)) || CLIENT_MESSAGES.has(error.message)
}

/** Whether the server refused the data itself (SQLSTATE classes 22 and 23): trying again gives the same answer. */
export function isDataError(error: unknown): boolean {
  return error instanceof DatabaseError && /^2[23]/.test(error.code ?? '')
}

/**
 * 08 connection (but 08P01, a message of ours that the server cannot read), 53 resources (connections, disk, memory),
 * 57P01..03 shutdown and start, 25006 read-only after a failover, 25P03 a transaction that this process left idle for
 * too long, 40001 and 40P01 still unresolved after the retries of `transaction`.
 */
const TRANSIENT_STATES = /^(?:08(?!P01)...|53...|57P0[123]|25006|25P03|40001|40P01)$/

/** ENOTFOUND is here because the name of a stopped container vanishes until it is started again. */
const TRANSIENT_SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** `pg` gives its own connection faults no code, so only here the text decides; a test kills connections to hold it. */
const CLIENT_MESSAGES = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Postgres connection has been discarded',
])

type Target = { server: string; role: string; database: string }

const MALFORMED_URL =
  'The database URL is malformed: it must read postgres://role:password@host:5432/database, with special characters ' +
  'of the password percent-encoded (@ as %40, / as %2F, : as %3A, # as %23).'

const NO_SSL = 'The server does not support SSL connections'

const SENTENCES: Record<string, ((target: Target) => string) | undefined> = {
  ECONNREFUSED: (t) => `Nothing answers at ${t.server}: start PostgreSQL there, or correct host and port in the URL.`,
  ENOTFOUND: (t) => `The host of ${t.server} is unknown: correct the host in the database URL.`,
  EAI_AGAIN: (t) => `The host of ${t.server} cannot be looked up now: check the name service and the host in the URL.`,
  ETIMEDOUT: noAnswer,
  EHOSTUNREACH: noAnswer,
  ENETUNREACH: noAnswer,
  '28P01': (t) =>
    `${t.server} refused the password of ${t.role}: correct the role or its password in the database URL.`,
  '28000': (t) =>
    `${t.server} does not let ${t.role} in from here: create the role with login, allow this address in pg_hba.conf, ` +
    'or add ?sslmode=verify-full to the URL if the server demands TLS.',
  '3D000': (t) => `${t.database} does not exist on ${t.server}: create it, or correct the name at the end of the URL.`,
  '42501': (t) => `${t.role} may not connect to ${t.database} on ${t.server}: grant it CONNECT.`,
  '53300': (t) => `${t.server} has no free connection: raise max_connections there, or lower the pool size here.`,
  '57P03': (t) => `${t.server} is starting up or shutting down: try again in a moment.`,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: (t) => `The TLS certificate of ${t.server} has expired: renew it there.`,
  ERR_TLS_CERT_ALTNAME_INVALID: (t) =>
    `The TLS certificate of ${t.server} is for another name: use the name it was issued for in the URL.`,
}

function noAnswer(target: Target): string {
  return `${target.server} does not answer: check that the machine is reachable and no firewall drops the port.`
}

function untrusted(target: Target): string {
  return `The TLS certificate of ${target.server} is not trusted: add ?sslrootcert=FILE with its authority to the URL.`
}

/** The SQLSTATE or the code of Node's socket; empty when there is none. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** The parts of a URL that may be shown; null when it is not one of a PostgreSQL database. */
function describeTarget(url: string): Target | null {
  const parsed = URL.parse(url)
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) return null
  const host = parsed.searchParams.get('host') ?? (parsed.hostname || 'localhost')
  return {
    server: `PostgreSQL at ${host}:${parsed.port || '5432'}`,
    role: `role "${decoded(parsed.username)}"`,
    database: `database "${decoded(parsed.pathname.slice(1))}"`,
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
