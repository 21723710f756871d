import type { Knex } from 'knex';
import { queryMsMax } from '../database/connection';
import { rowCount, text, texts } from '../database/parameters';
import type { Row } from '../database/tables';

/** Reads the products that the shop shows. */

export interface Product {
  productId: string;
  name: string;
  /** Per piece. A bigint, because the column can exceed a number. */
  price: bigint;
  /** Pieces that can be sold now. */
  available: bigint;
  /** Pieces reserved for orders that are neither confirmed nor cancelled. */
  reserved: bigint;
  retired: boolean;
}

export interface Catalogue {
  /** The catalogue ordered by id, after the product `after`, up to `limit`. */
  page(limit: number, after?: string): Promise<Product[]>;
  /** Products by id. Leaves out ids that do not exist. */
  byIds(productIds: readonly string[]): Promise<Map<string, Product>>;
}

/** Creates the API's reads of the product database, as user `product_reader`. */
export function createCatalogue(knex: Knex): Catalogue {
  const products = () =>
    knex('products')
      .select('product_id', 'name', 'price', 'available', 'reserved', 'retired_at')
      .timeout(queryMsMax);
  return {
    async page(limit, after) {
      const rows = products().orderBy('product_id').limit(rowCount(limit));
      if (after !== undefined) void rows.where('product_id', '>', text(after));
      return (await rows).map(productOf);
    },
    async byIds(productIds) {
      const rows = await products().whereIn('product_id', [...new Set(texts(productIds))]);
      return new Map(rows.map((row) => [row.product_id, productOf(row)]));
    },
  };
}

function productOf(row: Omit<Row<'products'>, 'opening'>): Product {
  return {
    productId: row.product_id,
    name: row.name,
    price: BigInt(row.price),
    available: BigInt(row.available),
    reserved: BigInt(row.reserved),
    retired: row.retired_at !== null,
  };
}
