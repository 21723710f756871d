import type { Knex } from 'knex';
import { byLabel, participants, type Label, type Service } from '../../contracts/participants';
import { withSnapshot } from '../../audit/snapshot';
import { repeatWhile } from './repeat';
import { Sightings, type Hold, type Sight } from './sightings';

/** Orders that ended longer ago than this are looked at no more; their ids begin with their time. */
const lookBackMs = 3_000;

/** Of each participant what its ledger has of the order, and whether something is reserved. */
type Row = { id: string; status: string } & Record<Label, number | string | null> &
  Record<`${Label}Reserved`, 0 | 1>;

/** The names of the databases, which are on one server. */
export type DatabaseNames = Record<Service, string>;

/** Reads all orders above an id, and what they have of each participant, at one instant. */
export async function look(knex: Knex, names: DatabaseNames, aboveId: string): Promise<Sight[]> {
  const rows = await withSnapshot(knex, (snapshot) =>
    snapshot.rows<Row>(sightSql(names), [aboveId]),
  );
  return rows.map((row) => ({
    orderId: row.id,
    status: row.status,
    ...byLabel((label) => holdOf(row[label], row[`${label}Reserved`])),
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
function sightSql(names: DatabaseNames): string {
  const columns = participants.flatMap(({ name, label, books, steps: { tcc } }) => {
    const database = `\`${names[name]}\``;
    const hasDone = (...steps: string[]) =>
      `EXISTS (SELECT 1 FROM ${database}.steps s WHERE s.order_id = o.order_id
         AND s.step IN (${steps.map((step) => `'${step}'`).join(', ')})
         AND s.outcome LIKE '%"done"%')`;
    return [
      `(SELECT SUM(l.${books.amount}) FROM ${database}.${books.ledger} l
         WHERE l.order_id = o.order_id) ${label}`,
      `(${hasDone(tcc.try)} AND NOT ${hasDone(tcc.confirm, tcc.cancel)}) ${label}Reserved`,
    ];
  });
  return `SELECT o.order_id id, o.status, ${columns.join(', ')}
          FROM \`${names.order}\`.orders o FORCE INDEX (PRIMARY)
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
