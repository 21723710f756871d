import type { Knex } from 'knex';
import type { Service } from '../contracts/participants';

/**
 * The seeded world, the same everywhere: plenty of almost everything, nine scarce products, one
 * sold-out product, and ten customers with few points.
 */
export const seededWorld = {
  products: 1_000,
  customers: 10_000,
  plenty: 1_000_000_000,
  firstScarceProduct: 991,
  scarceStock: 5,
  firstPoorCustomer: 9_991,
  poorPoints: 10,
} as const;

const rowsPerInsert = 1_000;

export function productId(n: number): string {
  return `p-${String(n).padStart(4, '0')}`;
}

export function customerId(n: number): string {
  return `c-${String(n).padStart(5, '0')}`;
}

function stockOf(n: number): number {
  if (n === seededWorld.products) return 0;
  return n >= seededWorld.firstScarceProduct ? seededWorld.scarceStock : seededWorld.plenty;
}

async function seedProducts(knex: Knex): Promise<void> {
  if (await knex('products').first('product_id')) return;
  const rows = Array.from({ length: seededWorld.products }, (_, index) => {
    const n = index + 1;
    const stock = stockOf(n);
    // Prices 1 to 50, the same in every world. 7 and 50 share no factor, so all occur.
    const price = 1 + ((n * 7) % 50);
    return {
      product_id: productId(n),
      name: `Product ${String(n)}`,
      price,
      available: stock,
      opening: stock,
    };
  });
  await knex.batchInsert('products', rows, rowsPerInsert);
}

async function seedPoints(knex: Knex): Promise<void> {
  if (await knex('point_accounts').first('customer_id')) return;
  const rows = Array.from({ length: seededWorld.customers }, (_, index) => {
    const n = index + 1;
    const points = n >= seededWorld.firstPoorCustomer ? seededWorld.poorPoints : seededWorld.plenty;
    return { customer_id: customerId(n), available: points, opening: points };
  });
  await knex.batchInsert('point_accounts', rows, rowsPerInsert);
}

/** The services whose database starts with seeded rows. */
const seeds: Partial<Record<Service, (knex: Knex) => Promise<void>>> = {
  product: seedProducts,
  point: seedPoints,
};

/** Fills an empty database. Leaves a database with balances alone. */
export async function seedDatabase(service: Service, knex: Knex): Promise<void> {
  await seeds[service]?.(knex);
}
