import type { Knex } from 'knex';
import type { StepOutcome } from '../../contracts/steps';
import { text } from './parameters';

/** A participant's record of one step of an order. */
export interface StepRecord {
  step: string;
  outcome: StepOutcome;
  at: Date;
}

/** Reads the barrier rows of an order, oldest first, within `msMax`. */
export async function readStepRecords(
  knex: Knex,
  orderId: string,
  msMax: number,
): Promise<StepRecord[]> {
  const rows = (await knex('steps')
    .select('step', 'outcome', 'recorded_at')
    .where('order_id', text(orderId))
    .whereNotNull('outcome')
    .orderBy(['recorded_at', 'step'])
    .timeout(msMax)) as { step: string; outcome: string; recorded_at: Date }[];
  return rows.map((row) => ({
    step: row.step,
    outcome: JSON.parse(row.outcome) as StepOutcome,
    at: row.recorded_at,
  }));
}
