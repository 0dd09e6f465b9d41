import { SetupError } from '../../db/setup-error.ts'

export type Wanted = { host: string; port: number; setting: 'HTTP' | 'MQTT' }

/** A failed attempt to listen as a `SetupError` that says what to do; other errors as they are. */
export function listenError(error: unknown, { host, port, setting }: Wanted): unknown {
  const sentence = SENTENCES[codeOf(error)]
  return sentence === undefined ? error : new SetupError(sentence({ host, port, setting }), { cause: error })
}

const SENTENCES: Record<string, ((wanted: Wanted) => string) | undefined> = {
  EADDRINUSE: ({ port, setting }) => {
    // a broker that the machine runs anyway is the usual owner of 1883
    const orUseIt = setting === 'MQTT' ? ', or MQTT_URL to the broker that listens there' : ''
    return `Port ${port} is taken by another program: end it, or set ${setting}_PORT to a free port${orUseIt}.`
  },
  EACCES: ({ port, setting }) => `No permission to listen on port ${port}: set ${setting}_PORT to a port above 1023.`,
  EADDRNOTAVAIL: foreign,
  ENOTFOUND: foreign,
  EAI_AGAIN: foreign,
}

function foreign({ host, setting }: Wanted): string {
  return `${host} is no address of this machine: set ${setting}_HOST to one of its addresses.`
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
