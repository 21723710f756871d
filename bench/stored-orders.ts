import type { Knex } from 'knex';
import type { Service } from '../contracts/participants';
import * as sql from './stored-orders-sql';

/** Which orders are to be stored, by number; the same numbers are the same orders everywhere. */
export interface StoredOrders {
  from: number;
  to: number;
  /** When number 0 was created, in milliseconds since 1970; the others follow second by second. */
  epochMs: number;
  onProgress: (done: number, total: number) => void;
}

type Databases = Record<Service, Knex>;

const ordersPerInsert = 10_000;
/** Enough that none of the stored orders could have failed. */
const plentyMin = 10_000_000;
const rowsPerScratchInsert = 1_000;

/**
 * Stores orders that have COMPLETED long ago, as the services would have left them: rows, lines,
 * ledgers, barriers and balances. Each database makes its own part by itself, all three at once.
 *
 * Only for databases on which nothing else runs: the balances are brought up to date at the end,
 * by what the ledgers have gained meanwhile.
 *
 * @throws Error when there is too little to sell or nobody who could pay.
 */
export async function storeOrders(databases: Databases, wanted: StoredOrders): Promise<void> {
  const { product, point } = databases;
  const counts = await makeScratch(databases);
  const lastSold = await lastEntry(product, 'stock_ledger');
  const lastUsed = await lastEntry(point, 'point_ledger');
  try {
    await insertAll(databases, wanted, counts);
    const stock = sql.balanceSql('products', 'product_id', 'stock_ledger', 'quantity');
    const points = sql.balanceSql('point_accounts', 'customer_id', 'point_ledger', 'points');
    await Promise.all([product.raw(stock, [lastSold]), point.raw(points, [lastUsed])]);
  } finally {
    await dropScratch(databases);
  }
  await analyse(databases);
}

async function insertAll(
  databases: Databases,
  { from, to, epochMs, onProgress }: StoredOrders,
  counts: { productCount: number; customerCount: number },
): Promise<void> {
  const parts: [Knex, string[]][] = [
    [databases.order, [sql.ordersSql, sql.linesSql]],
    [databases.product, [sql.stockSql, sql.stepsSql('deductStock')]],
    [databases.point, [sql.pointsSql, sql.stepsSql('usePoints')]],
  ];
  const total = to - from + 1;
  let parted = 0;
  const insertPart = async ([knex, statements]: [Knex, string[]]) => {
    for (let first = from; first <= to; first += ordersPerInsert) {
      const end = Math.min(to, first + ordersPerInsert - 1);
      for (const statement of statements) {
        await knex.raw(statement, { first, end, epochMs, ...counts });
      }
      parted += end - first + 1;
      onProgress(Math.floor(parted / parts.length), total);
    }
  };
  await Promise.all(parts.map(insertPart));
}

async function lastEntry(knex: Knex, ledger: string): Promise<number> {
  const [rows] = (await knex.raw('SELECT COALESCE(MAX(entry_id), 0) n FROM ??', [ledger])) as [
    { n: number }[],
  ];
  return rows[0]?.n ?? 0;
}

/** Puts into each database what the orders' numbers are turned into: ids and prices. */
async function makeScratch(databases: Databases) {
  await dropScratch(databases);
  const products = await databases
    .product('products')
    .where('available', '>=', plentyMin)
    .orderBy('product_id')
    .select<{ product_id: string; price: number }[]>('product_id', 'price');
  const customers = await databases
    .point('point_accounts')
    .where('available', '>=', plentyMin)
    .orderBy('customer_id')
    .select<{ customer_id: string }[]>('customer_id');
  if (products.length < sql.linesMax || customers.length === 0) {
    throw new Error('Storing orders needs three products and a customer with plenty.');
  }
  const columns = {
    [sql.scratch.products]: 'product_id VARCHAR(64) NOT NULL, price BIGINT NOT NULL',
    [sql.scratch.customers]: 'customer_id VARCHAR(64) NOT NULL',
  };
  for (const knex of knexes(databases)) {
    for (const [table, own] of Object.entries(columns)) {
      await knex.raw(
        `CREATE TABLE ${table} (n INT PRIMARY KEY, ${own}) CHARACTER SET ascii COLLATE ascii_bin`,
      );
    }
    await knex.batchInsert(sql.scratch.products, numbered(products), rowsPerScratchInsert);
    await knex.batchInsert(sql.scratch.customers, numbered(customers), rowsPerScratchInsert);
  }
  return { productCount: products.length, customerCount: customers.length };
}

function knexes({ order, product, point }: Databases): Knex[] {
  return [order, product, point];
}

function numbered<T extends object>(rows: readonly T[]): (T & { n: number })[] {
  return rows.map((row, n) => ({ ...row, n }));
}

async function dropScratch(databases: Databases): Promise<void> {
  for (const knex of knexes(databases)) {
    await knex.raw(`DROP TABLE IF EXISTS ${Object.values(sql.scratch).join(', ')}`);
  }
}

/** Without it the optimiser would go on planning for the size that the tables had before. */
async function analyse({ order, product, point }: Databases): Promise<void> {
  await order.raw('ANALYZE TABLE orders, order_lines');
  await product.raw('ANALYZE TABLE products, stock_ledger, steps');
  await point.raw('ANALYZE TABLE point_accounts, point_ledger, steps');
}
