import type { Knex } from 'knex';
import { queryMsMax } from '../transaction/connection';
import { readBranchRecords, type BranchRecord } from '../participant/branch-records';
import { rowCount, text, texts } from '../transaction/parameters';
import { readParked, type ParkedEvent } from '../transaction/parked-events';
import { readStepRecords, type StepRecord } from '../transaction/step-records';

export type { BranchRecord, StepRecord };

/** Read-only views of the product database, for the API. */

export interface Product {
  productId: string;
  name: string;
  /** Of one piece. A bigint, because the column holds more than a number can. */
  price: bigint;
  /** Pieces that can be sold now. */
  available: bigint;
  /** Pieces held for orders that are neither confirmed nor cancelled. */
  reserved: bigint;
  retired: boolean;
}

export interface ProductQueries {
  /** The catalogue in the order of ids, from after `after` on; `limit` at most. */
  page(limit: number, after?: string): Promise<Product[]>;
  /** Products by id; ids that do not exist are left out. */
  byIds(productIds: readonly string[]): Promise<Map<string, Product>>;
  /** What this service has recorded of an order, oldest first. */
  stepsOf(orderId: string): Promise<StepRecord[]>;
  /** XA branches that are not known to be settled, oldest first; of one order, or of all. */
  branchesInDoubt(of: { orderId?: string; limit: number }): Promise<BranchRecord[]>;
  /** Events that this service could not react to: all, or the one of this id. */
  parked(eventId?: string): Promise<ParkedEvent[]>;
  /** Resolves when the database answers, and rejects when it does not. */
  ready(): Promise<void>;
}

interface ProductRow {
  product_id: string;
  name: string;
  price: number | string;
  available: number | string;
  reserved: number | string;
  retired_at: Date | null;
}

/** The product database as the API reads it, as `product_reader`. */
export function createProductQueries(knex: Knex): ProductQueries {
  const products = () =>
    knex('products')
      .select('product_id', 'name', 'price', 'available', 'reserved', 'retired_at')
      .timeout(queryMsMax);
  return {
    async page(limit, after) {
      const rows = products().orderBy('product_id').limit(rowCount(limit));
      if (after !== undefined) void rows.where('product_id', '>', text(after));
      return ((await rows) as ProductRow[]).map(productOf);
    },
    async byIds(productIds) {
      const rows = (await products().whereIn('product_id', [
        ...new Set(texts(productIds)),
      ])) as ProductRow[];
      return new Map(rows.map((row) => [row.product_id, productOf(row)]));
    },
    stepsOf: (orderId) => readStepRecords(knex, orderId, queryMsMax),
    branchesInDoubt: (of) => readBranchRecords(knex, queryMsMax, of),
    parked: (eventId) => readParked(knex, queryMsMax, eventId),
    async ready() {
      await knex('products').first('product_id').timeout(queryMsMax);
    },
  };
}

function productOf(row: ProductRow): Product {
  return {
    productId: row.product_id,
    name: row.name,
    price: BigInt(row.price),
    available: BigInt(row.available),
    reserved: BigInt(row.reserved),
    retired: row.retired_at !== null,
  };
}
