import type { Knex } from 'knex';
import { queryMsMax } from '../transaction/connection';
import { text } from '../transaction/parameters';

/** What customers see of their points, read only. */

export interface PointBalance {
  /** Points that can be spent now. */
  available: bigint;
  /** Points held for orders that are neither confirmed nor cancelled. */
  reserved: bigint;
}

export interface PointBalances {
  /** A customer's points; undefined for a customer without an account. */
  balanceOf(customerId: string): Promise<PointBalance | undefined>;
}

/** The point database as the API reads it, as `point_reader`. */
export function createPointBalances(knex: Knex): PointBalances {
  return {
    async balanceOf(customerId) {
      const row = (await knex('point_accounts')
        .where('customer_id', text(customerId))
        .first('available', 'reserved')
        .timeout(queryMsMax)) as
        { available: number | string; reserved: number | string } | undefined;
      return row && { available: BigInt(row.available), reserved: BigInt(row.reserved) };
    },
  };
}
