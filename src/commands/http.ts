import { type AddressInfo, isIPv6 } from 'node:net'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import { listenError } from './listen-error.ts'

/** Requests that are still running when the service closes get this long. */
const CLOSE_MS = 10_000

/** Opens the HTTP door; a taken or forbidden port is a `SetupError` with what to do. */
export async function listenHttp(
  app: Pick<Hono, 'fetch'>,
  { host, port }: { host: string; port: number },
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = serve({ fetch: app.fetch, hostname: host, port })
  await new Promise<void>((resolve, reject) => {
    server.once('listening', () => resolve())
    server.once('error', (error) => reject(listenError(error, { host, port, setting: 'HTTP' })))
  })
  const address = server.address()
  const bound = isAddress(address) ? address.port : port
  return { url: `http://${isIPv6(host) ? `[${host}]` : host}:${bound}`, close: () => closeServer(server) }
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

function closeServer(server: ReturnType<typeof serve>): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(resolve, CLOSE_MS)
    server.close(() => {
      clearTimeout(deadline)
      resolve()
    })
    // keep-alive connections without a request would hold the door open
    if ('closeIdleConnections' in server) server.closeIdleConnections()
  })
}
