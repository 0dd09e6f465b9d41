import { type AddressInfo, isIPv6 } from 'node:net'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import { SetupError } from '../../db/setup-error.ts'

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
    server.once('error', (error) => reject(setupError(error, host, port)))
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

function setupError(error: Error, host: string, port: number): Error {
  const code = 'code' in error ? error.code : null
  if (code === 'EADDRINUSE') {
    return new SetupError(`Port ${port} is taken by another program: end it, or set HTTP_PORT to a free port.`)
  }
  if (code === 'EACCES') {
    return new SetupError(`No permission to listen on port ${port}: set HTTP_PORT to a port above 1023.`)
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new SetupError(`${host} is no address of this machine: set HTTP_HOST to one of its addresses.`)
  }
  return error
}
