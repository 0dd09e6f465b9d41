/** An event of a stream, its data read from JSON. */
export type ServerEvent = { event: string; data: unknown }

/** The events of a `text/event-stream`, as they come in pieces of any size; an unfinished last one is left out. */
export async function* eventsOf(body: AsyncIterable<Uint8Array> | null): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let waiting = ''
  for await (const bytes of body ?? []) {
    waiting += decoder.decode(bytes, { stream: true })
    const parts = waiting.split('\n\n')
    waiting = parts.pop() ?? ''
    for (const part of parts) yield parsed(part)
  }
}

function parsed(part: string): ServerEvent {
  const fields = part.split('\n').map((line) => {
    const colon = line.indexOf(': ')
    return [line.slice(0, colon), line.slice(colon + 2)] as const
  })
  const of = (name: string) => fields.flatMap(([field, value]) => (field === name ? [value] : []))
  return { event: of('event')[0] ?? 'message', data: JSON.parse(of('data').join('\n')) }
}
