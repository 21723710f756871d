import type { Knex } from 'knex';
import type { Service } from '../contracts/participants';
import { withSnapshot } from '../audit/snapshot';
import { repeatWhile } from './repeat';
import { Sightings, type Hold, type Sight } from './sightings';

/** Orders that ended longer ago than this are looked at no more; their ids begin with their time. */
const lookBackMs = 3_000;

interface Row {
  id: string;
  status: string;
  stock: number | string | null;
  points: number | string | null;
  stockReserved: 0 | 1;
  pointsReserved: 0 | 1;
}

/** The names of the three databases, which are on one server. */
export type DatabaseNames = Record<Service, string>;

/** Reads all orders above an id, and what they have of stock and points, at one instant. */
export async function look(knex: Knex, names: DatabaseNames, aboveId: string): Promise<Sight[]> {
  const rows = await withSnapshot(knex, (snapshot) =>
    snapshot.rows<Row>(sightSql(names), [aboveId]),
  );
  return rows.map((row) => ({
    orderId: row.id,
    status: row.status,
    stock: holdOf(row.stock, row.stockReserved),
    points: holdOf(row.points, row.pointsReserved),
  }));
}

/**
 * Takes snapshots without a pause while some work is done; answers what was seen.
 *
 * @param work may look at what was seen so far
 */
export async function watchWhile<T>(
  knex: Knex,
  names: DatabaseNames,
  work: (sightings: Sightings) => Promise<T>,
): Promise<{ result: T; sightings: Sightings }> {
  const sightings = new Sightings();
  let aboveId = await latestId(knex, names);
  const lookOnce = async () => {
    const fromMs = performance.now();
    const sights = await look(knex, names, aboveId);
    sightings.add({ fromMs, toMs: performance.now() }, sights);
    aboveId = nextFloor(aboveId, sights);
  };
  const result = await repeatWhile(lookOnce, 0, () => work(sightings));
  await lookOnce();
  return { result, sightings };
}

/**
 * One statement: what the ledgers have of each order, and the reservations, of which the barrier
 * tells: tried with success, and neither confirmed nor cancelled.
 */
function sightSql({ order, product, point }: DatabaseNames): string {
  const net = (database: string, ledger: string, amount: string) =>
    `(SELECT SUM(l.${amount}) FROM \`${database}\`.${ledger} l WHERE l.order_id = o.order_id)`;
  const step = (database: string, names: string) =>
    `EXISTS (SELECT 1 FROM \`${database}\`.steps s WHERE s.order_id = o.order_id
       AND s.step IN (${names}) AND s.outcome LIKE '%"done"%')`;
  const reserved = (database: string, what: string) =>
    `(${step(database, `'try${what}'`)}
      AND NOT ${step(database, `'confirm${what}', 'cancel${what}'`)})`;
  return `SELECT o.order_id id, o.status,
            ${net(product, 'stock_ledger', 'quantity')} stock,
            ${net(point, 'point_ledger', 'points')} points,
            ${reserved(product, 'Stock')} stockReserved,
            ${reserved(point, 'Points')} pointsReserved
          FROM \`${order}\`.orders o FORCE INDEX (PRIMARY)
          WHERE o.order_id > ? ORDER BY o.order_id`;
}

function holdOf(net: number | string | null, isReserved: 0 | 1): Hold {
  if (Number(net ?? 0) !== 0) return 'taken';
  return isReserved === 1 ? 'reserved' : 'nothing';
}

async function latestId(knex: Knex, { order }: DatabaseNames): Promise<string> {
  const [rows] = (await knex.raw('SELECT COALESCE(MAX(order_id), ?) id FROM ??.orders', [
    '',
    order,
  ])) as [{ id: string }[]];
  return rows[0]?.id ?? '';
}

/** Below it every order has ended, and long enough ago that none will come in between. */
function nextFloor(floor: string, sights: readonly Sight[]): string {
  const hex = (Date.now() - lookBackMs).toString(16).padStart(12, '0');
  const old = `o-${hex.slice(0, 8)}-${hex.slice(8)}`;
  const open = sights.find(({ status }) => status !== 'COMPLETED' && status !== 'CANCELLED');
  const below = open === undefined || open.orderId > old ? old : open.orderId;
  const last = sights.filter(({ orderId }) => orderId < below).at(-1);
  return last?.orderId ?? floor;
}
