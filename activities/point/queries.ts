import type { Knex } from 'knex';
import { queryMsMax } from '../transaction/connection';
import { readBranchRecords, type BranchRecord } from '../participant/branch-records';
import { text } from '../transaction/parameters';
import { readParked, type ParkedEvent } from '../transaction/parked-events';
import { readStepRecords, type StepRecord } from '../transaction/step-records';

/** Read-only views of the point database, for the API. */

export interface PointBalance {
  /** Points that can be spent now. */
  available: bigint;
  /** Points held for orders that are neither confirmed nor cancelled. */
  reserved: bigint;
}

export interface PointQueries {
  /** A customer's points; undefined for a customer without an account. */
  balanceOf(customerId: string): Promise<PointBalance | undefined>;
  /** What this service has recorded of an order, oldest first. */
  stepsOf(orderId: string): Promise<StepRecord[]>;
  /** XA branches that are not known to be settled, oldest first; of one order, or of all. */
  branchesInDoubt(of: { orderId?: string; limit: number }): Promise<BranchRecord[]>;
  /** Events that this service could not react to: all, or the one of this id. */
  parked(eventId?: string): Promise<ParkedEvent[]>;
  /** Resolves when the database answers, and rejects when it does not. */
  ready(): Promise<void>;
}

/** The point database as the API reads it, as `point_reader`. */
export function createPointQueries(knex: Knex): PointQueries {
  return {
    async balanceOf(customerId) {
      const row = (await knex('point_accounts')
        .where('customer_id', text(customerId))
        .first('available', 'reserved')
        .timeout(queryMsMax)) as
        { available: number | string; reserved: number | string } | undefined;
      return row && { available: BigInt(row.available), reserved: BigInt(row.reserved) };
    },
    stepsOf: (orderId) => readStepRecords(knex, orderId, queryMsMax),
    branchesInDoubt: (of) => readBranchRecords(knex, queryMsMax, of),
    parked: (eventId) => readParked(knex, queryMsMax, eventId),
    async ready() {
      await knex('point_accounts').first('customer_id').timeout(queryMsMax);
    },
  };
}
