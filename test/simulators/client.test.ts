import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ApiProblem, apiClient } from '../../simulators/client.ts'
import { addressOf, freePort } from '../support/mosquitto.ts'
import { until } from '../support/until.ts'

/** Closed after each test. */
const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})

const answer = z.object({ id: z.int() })

describe('the client', () => {
  test('repeats a POST under one Idempotency-Key until the service is ready', async () => {
    const keys: unknown[] = []
    const service = await listen((request, response) => {
      keys.push(request.headers['idempotency-key'])
      if (keys.length < 3) response.writeHead(503).end('starting')
      else response.writeHead(201).end('{"id":7}')
    })
    expect(await client(service).post('/shipments', {}, answer)).toEqual({ id: 7 })
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
    await client(service).post('/shipments', {}, answer)
    expect(new Set(keys).size).toBe(2)
  })

  test('waits for a service that is killed in the middle of an answer and comes back on its port', async () => {
    const port = await freePort()
    let asked = 0
    const dying = await listen((request) => {
      asked += 1
      request.socket.destroy()
    }, port)
    const answered = client(dying).get('/shipments/7', answer)
    await until(() => asked > 0, { what: 'the first try' })
    await dying.close()
    const back = await listen((_request, response) => response.end('{"id":7}'), port)
    expect(back.url).toBe(dying.url)
    expect(await answered).toEqual({ id: 7 })
  })

  test('asks again while its own first try is still being worked on', async () => {
    let asked = 0
    const service = await listen((_request, response) => {
      asked += 1
      if (asked > 1) response.writeHead(201).end('{"id":7}')
      else response.writeHead(409).end('{"type":"https://unbroken.example/problems/request-in-progress"}')
    })
    expect(await client(service).post('/shipments', {}, answer)).toEqual({ id: 7 })
  })

  test('a deed whose answer was lost is done, unless the answer was wanted', async () => {
    const service = await listen((_request, response) => {
      response.writeHead(409).end('{"type":"https://unbroken.example/problems/answer-lost"}')
    })
    await client(service).tell('/shipments/7/custody-events', {})
    await expect(client(service).post('/sensors', {}, answer)).rejects.toMatchObject({ code: 'answer-lost' })
  })

  test('gives up after its patience, naming the call and the service', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const asked = apiClient({ apiUrl: url, key: 'k', patienceMs: 1 }).get('/shipments/7', answer)
    await expect(asked).rejects.toThrow(`GET /api/v1/shipments/7: no answer from ${url} (connect ECONNREFUSED`)
  })

  test('throws a refusal at once, with its code and what is wrong in which field', async () => {
    let asked = 0
    const service = await listen((_request, response) => {
      asked += 1
      response.writeHead(422).end(
        JSON.stringify({
          type: 'https://unbroken.example/problems/invalid',
          title: 'Invalid',
          errors: [{ path: 'at', message: 'has no offset' }],
        }),
      )
    })
    const refused = await client(service)
      .post('/shipments', {}, answer)
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ApiProblem)
    expect(refused).toMatchObject({
      status: 422,
      code: 'invalid',
      message: 'POST /api/v1/shipments was answered 422: Invalid; at: has no offset',
    })
    expect(asked).toBe(1)
  })

  test('says which part of an answer has another shape', async () => {
    const service = await listen((_request, response) => response.end('{"id":"seven"}'))
    await expect(client(service).get('/shipments/7', answer)).rejects.toThrow(/shipments\/7 has another shape[\s\S]*id/)
  })

  test('shows its key to the service', async () => {
    const shown: unknown[] = []
    const service = await listen((request, response) => {
      shown.push(request.headers.authorization)
      response.end('{"id":7}')
    })
    await client(service).get('/shipments/7', answer)
    expect(shown).toEqual(['Bearer secret'])
  })
})

function client({ url }: { url: string }) {
  return apiClient({ apiUrl: url, key: 'secret', patienceMs: 5000 })
}

async function listen(answerWith: (request: IncomingMessage, response: ServerResponse) => void, port = 0) {
  const server = createServer(answerWith).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  opened.push(close)
  return { url: `http://127.0.0.1:${addressOf(server.address()).port}`, close }
}
