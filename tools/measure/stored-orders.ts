import type { Knex } from 'knex';
import { rulesOf } from '../../activities/participant/rules';
import type { PlacedOrder } from '../../contracts/order';
import {
  participants,
  type RegisteredParticipant,
  type Service,
} from '../../contracts/participants';
import { point } from '../../contracts/participants/point';
import { product } from '../../contracts/participants/product';
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
type Bindings = Record<'first' | 'end' | 'epochMs' | 'productCount' | 'customerCount', number>;

const ordersPerInsert = 10_000;
/** Enough that none of the stored orders could have failed. */
const plentyMin = 10_000_000;
const rowsPerScratchInsert = 1_000;

/**
 * Stores orders that have COMPLETED long ago, as the services would have left them: rows, lines,
 * ledgers, barriers and balances, those of all services at once.
 *
 * Only for databases on which nothing else runs: the balances are brought up to date at the end,
 * by what the ledgers have gained meanwhile.
 *
 * @throws Error when there is too little to sell or nobody who could pay.
 */
export async function storeOrders(databases: Databases, wanted: StoredOrders): Promise<void> {
  const counts = await makeScratch(databases);
  const balances = await Promise.all(
    participants.map(async ({ name, books }) => {
      const knex = databases[name];
      const last = await lastEntry(knex, books.ledger);
      return { bringUpToDate: () => knex.raw(sql.balanceSql(books), [last]) };
    }),
  );
  try {
    await insertAll(databases, wanted, counts);
    await Promise.all(balances.map(({ bringUpToDate }) => bringUpToDate()));
  } finally {
    await dropScratch(databases.order);
  }
  await analyse(databases);
}

async function insertAll(
  databases: Databases,
  { from, to, epochMs, onProgress }: StoredOrders,
  counts: Pick<Bindings, 'productCount' | 'customerCount'>,
): Promise<void> {
  for (let first = from; first <= to; first += ordersPerInsert) {
    const end = Math.min(to, first + ordersPerInsert - 1);
    const bindings = { first, end, epochMs, ...counts };
    await Promise.all([
      insertOrders(databases.order, bindings),
      readOrders(databases.order, bindings).then((orders) =>
        Promise.all(participants.map((one) => insertTaken(databases[one.name], one, orders))),
      ),
    ]);
    onProgress(end - from + 1, to - from + 1);
  }
}

async function insertOrders(order: Knex, bindings: Bindings): Promise<void> {
  for (const statement of [sql.ordersSql, sql.linesSql]) await order.raw(statement, bindings);
}

interface StoredOrder extends PlacedOrder {
  createdMs: number;
}

/** What the numbers stand for, whether or not it is stored yet. */
async function readOrders(order: Knex, bindings: Bindings): Promise<StoredOrder[]> {
  const [rows] = (await order.raw(sql.readSql, { ...bindings })) as [
    { order_id: string; customer_id: string; ms: string; items: PlacedOrder['lines'] }[],
  ];
  return rows.map(({ order_id: orderId, customer_id: customerId, ms, items: lines }) => {
    const total = lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
    return { orderId, customerId, lines, total, createdMs: Number(ms) };
  });
}

/** What a participant has written of these orders: its barrier, and its ledger. */
async function insertTaken(
  knex: Knex,
  participant: RegisteredParticipant,
  orders: readonly StoredOrder[],
): Promise<void> {
  const { hashOf } = rulesOf(participant);
  const taken = orders.map(({ createdMs: ms, ...order }) => {
    const command = participant.command(order);
    return { orderId: order.orderId, ms, hash: hashOf(command), owes: participant.owes(command) };
  });
  const steps = taken.map(({ orderId, ms, hash }) => ({ orderId, ms, hash }));
  const moved = taken.flatMap(({ orderId, ms, owes }) =>
    owes.map((movement) => ({ orderId, ms, ...movement })),
  );
  await knex.raw(sql.ledgerSql(participant.books), [JSON.stringify(moved)]);
  await knex.raw(sql.stepsSql(participant.steps.saga.action), [JSON.stringify(steps)]);
}

async function lastEntry(knex: Knex, ledger: string): Promise<number> {
  const [rows] = (await knex.raw('SELECT COALESCE(MAX(entry_id), 0) n FROM ??', [ledger])) as [
    { n: number }[],
  ];
  return rows[0]?.n ?? 0;
}

/** Puts beside the orders what their numbers are turned into: ids and prices. */
async function makeScratch({ order, ...others }: Databases) {
  await dropScratch(order);
  const products = await others
    .product(product.books.balances)
    .where('available', '>=', plentyMin)
    .orderBy('product_id')
    .select<{ product_id: string; price: number }[]>('product_id', 'price');
  const customers = await others
    .point(point.books.balances)
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
  for (const [table, own] of Object.entries(columns)) {
    await order.raw(
      `CREATE TABLE ${table} (n INT PRIMARY KEY, ${own}) CHARACTER SET ascii COLLATE ascii_bin`,
    );
  }
  await order.batchInsert(sql.scratch.products, numbered(products), rowsPerScratchInsert);
  await order.batchInsert(sql.scratch.customers, numbered(customers), rowsPerScratchInsert);
  return { productCount: products.length, customerCount: customers.length };
}

function numbered<T extends object>(rows: readonly T[]): (T & { n: number })[] {
  return rows.map((row, n) => ({ ...row, n }));
}

async function dropScratch(order: Knex): Promise<void> {
  await order.raw(`DROP TABLE IF EXISTS ${Object.values(sql.scratch).join(', ')}`);
}

/** Without it the optimiser would go on planning for the size that the tables had before. */
async function analyse(databases: Databases): Promise<void> {
  await databases.order.raw('ANALYZE TABLE orders, order_lines');
  for (const { name, books } of participants) {
    await databases[name].raw(`ANALYZE TABLE ${books.balances}, ${books.ledger}, steps`);
  }
}
