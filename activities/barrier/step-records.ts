import type { Knex } from 'knex';
import { outcomeIn, type RecordedOutcome } from './barrier';
import { texts } from '../database/parameters';

/** A participant's record of one step of an order. */
export interface StepRecord {
  step: string;
  outcome: RecordedOutcome;
  at: Date;
}

/** Reads the barrier rows of these orders, by order and oldest first, within `msMax`. */
export async function readStepRecords(
  knex: Knex,
  orderIds: readonly string[],
  msMax: number,
): Promise<Map<string, StepRecord[]>> {
  const rows = await knex('steps')
    .select('order_id', 'step', 'outcome', 'recorded_at')
    .whereIn('order_id', texts(orderIds))
    .orderBy(['recorded_at', 'step'])
    .timeout(msMax);
  const records = new Map(orderIds.map((orderId) => [orderId, [] as StepRecord[]]));
  for (const row of rows) {
    const outcome = outcomeIn(row);
    if (outcome) {
      records.get(row.order_id)?.push({ step: row.step, outcome, at: row.recorded_at });
    }
  }
  return records;
}
