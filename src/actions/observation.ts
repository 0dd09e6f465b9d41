import type { Tx } from '../../db/connect.ts'
import type { Quantity, QuantityUnit } from '../loggers/quantity.ts'

/**
 * One value of a quantity that is no temperature. `unit` is a UN/ECE Rec 20 code, `value` exact decimal text in it,
 * null where the device had none; `at` epoch milliseconds; `raw` the cell as the file writes it.
 */
export type Observation = {
  sensorId: number
  channel: string
  at: number
  quantity: Quantity
  unit: QuantityUnit | null
  value: string | null
  raw: string
}

/** Where the observations of an import go: in the transaction of the readings that stood in the same rows. */
export type StoreObservations = (
  tx: Tx,
  batch: { batchId: number; receivedAt: number; observations: readonly Observation[] },
) => Promise<void>

/** Counts observations and stores none: their lines are accounted for, and the file keeps them. */
export const keepInFileOnly: StoreObservations = async () => {}
