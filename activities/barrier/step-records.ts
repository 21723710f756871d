import type { Knex } from 'knex';
import { outcomeIn, type RecordedOutcome } from './barrier';
import { text } from '../database/parameters';

/** A participant's record of one step of an order. */
export interface StepRecord {
  step: string;
  outcome: RecordedOutcome;
  at: Date;
}

/** Reads the barrier rows of an order, oldest first, within `msMax`. */
export async function readStepRecords(
  knex: Knex,
  orderId: string,
  msMax: number,
): Promise<StepRecord[]> {
  const rows = await knex('steps')
    .select('step', 'outcome', 'recorded_at')
    .where('order_id', text(orderId))
    .orderBy(['recorded_at', 'step'])
    .timeout(msMax);
  return rows.flatMap((row) => {
    const outcome = outcomeIn(row);
    return outcome ? [{ step: row.step, outcome, at: row.recorded_at }] : [];
  });
}
