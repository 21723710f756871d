import type { Knex } from 'knex';
import { readStepRecords, type StepRecord } from '../transaction/step-records';

/** Read-only views of the point database, for the API. */

export interface PointQueries {
  /** The points that a customer can spend now; undefined for a customer without an account. */
  availableTo(customerId: string): Promise<bigint | undefined>;
  /** What this service has recorded of an order, oldest first. */
  stepsOf(orderId: string): Promise<StepRecord[]>;
  /** Resolves when the database answers, and rejects when it does not. */
  ready(): Promise<void>;
}

/** A query of a frozen server would otherwise keep its connection, and its caller, for ever. */
const queryMsMax = 5_000;

/** The point database as the API reads it, as `point_reader`. */
export function createPointQueries(knex: Knex): PointQueries {
  return {
    async availableTo(customerId) {
      const row = (await knex('point_accounts')
        .where('customer_id', customerId)
        .first('available')
        .timeout(queryMsMax)) as { available: number | string } | undefined;
      return row && BigInt(row.available);
    },
    stepsOf: (orderId) => readStepRecords(knex, orderId, queryMsMax),
    async ready() {
      await knex('point_accounts').first('customer_id').timeout(queryMsMax);
    },
  };
}
