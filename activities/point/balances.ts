import type { Knex } from 'knex';
import { queryMsMax } from '../database/connection';
import { text } from '../database/parameters';

/** Reads customers' points. */

export interface PointBalance {
  /** Points that can be spent now. */
  available: bigint;
  /** Points reserved for orders that are neither confirmed nor cancelled. */
  reserved: bigint;
}

export interface PointBalances {
  /** A customer's points; undefined if the customer has no account. */
  balanceOf(customerId: string): Promise<PointBalance | undefined>;
}

/** Creates the API's reads of the point database, as user `point_reader`. */
export function createPointBalances(knex: Knex): PointBalances {
  return {
    async balanceOf(customerId) {
      const row = await knex('point_accounts')
        .where('customer_id', text(customerId))
        .first('available', 'reserved')
        .timeout(queryMsMax);
      return row && { available: BigInt(row.available), reserved: BigInt(row.reserved) };
    },
  };
}
