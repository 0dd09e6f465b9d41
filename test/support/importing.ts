import { type Api, iso } from './api.ts'
import type { Lane } from './lane.ts'

/** A table of readings every 15 minutes from T0, in UTC unless the title says nothing of a zone. */
export function table(degrees: readonly number[], { title = 'Time (UTC)', fromMinute = 0 } = {}): string {
  const rows = degrees.map(
    (c, index) =>
      `${iso(fromMinute + index * 15)
        .slice(0, 19)
        .replace('T', ' ')},${c}`,
  )
  return [`${title},Temperature (°C)`, ...rows, ''].join('\n')
}

export type Asked = { key?: string; query?: string; headers?: Record<string, string> }

/** Imports a file for a sensor; with the key of the sponsor unless another is given. */
export function importFor(
  api: Api,
  lane: Lane,
  { sensorId, file, ...asked }: Asked & { sensorId: number; file: string },
) {
  const { key = lane.sponsor.key, query = '', headers } = asked
  const init = { body: file, headers: { 'Content-Type': 'text/csv', ...headers } }
  return api.call(key, `POST /readings/import?sensorId=${sensorId}${query}`, init)
}
