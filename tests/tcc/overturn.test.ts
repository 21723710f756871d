import type { Knex } from 'knex';
import { createOrderActivities } from '../../activities/order/activities';
import { createOrderIntake, type OrderIntake } from '../../activities/order/intake';
import { openDatabase } from '../../activities/database/connection';
import { decisions, orderStatuses, patterns } from '../../contracts/order';
import type { OrderActivities } from '../../contracts/steps';
import { createTestDatabases, type TestDatabases } from '../support/databases';

/**
 * A decision changes in one case (docs/decisions/0015). The test tries every kind of decided order
 * with every writer of a decision, as the database's own users.
 */

let databases: TestDatabases;
let pools: Knex[];
let orders: OrderActivities;
let intake: OrderIntake;

beforeAll(async () => {
  databases = await createTestDatabases();
  const open = (user: string) =>
    openDatabase({ url: databases.url(user, 'order'), poolMax: 2, lockWaitSMax: 1 });
  pools = [open('order_worker'), open('order_api')];
  const [worker, api] = pools as [Knex, Knex];
  orders = createOrderActivities({
    knex: worker,
    askOwners: (owners) => Promise.resolve(new Set(owners)),
  });
  intake = createOrderIntake(api);
});

afterAll(async () => {
  for (const pool of pools) await pool.destroy();
  await databases.drop();
});

beforeEach(() => databases.empty());

const reachable = (status: string, decision: string) =>
  ({ COMPLETED: 'COMPLETE', CANCELLED: 'CANCEL' })[status] ?? decision;

const decided = patterns.flatMap((pattern) =>
  orderStatuses
    .filter((status) => status !== 'CREATED')
    .flatMap((status) => decisions.map((decision) => ({ pattern, status, decision })))
    .filter(({ status, decision }) => reachable(status, decision) === decision),
);

const idOf = (row: object) => Object.values(row).join('-');
const ownerOf = (row: object) => `resolve-${idOf(row)}`;

/** Each is owned by a running resolution, so only the order itself can prevent the overturn. */
async function writeDecided(): Promise<void> {
  const { order } = databases;
  await order('orders').insert(
    decided.map((row) => ({
      ...row,
      order_id: idOf(row),
      customer_id: 'anna',
      idempotency_key: idOf(row),
      request_hash: 'v1:test',
      total: 1,
      owner: ownerOf(row),
    })),
  );
  await order('resolutions').insert(
    decided.map((row) => ({
      workflow_id: ownerOf(row),
      order_id: idOf(row),
      operator: 'olga',
      action: 'cancel',
      reason: 'a test',
    })),
  );
}

async function standing(): Promise<Map<string, string>> {
  const rows = await databases.order('orders').select('order_id', 'status', 'decision');
  return new Map(rows.map((row) => [row.order_id, `${row.status} ${String(row.decision)}`]));
}

const unchanged = () => new Map(decided.map((row) => [idOf(row), `${row.status} ${row.decision}`]));

it('an overturn changes COMPLETE to CANCEL in PENDING orders of tcc, and no other decision', async () => {
  await writeDecided();
  for (const row of decided) {
    const holds = await orders.overturnDecision(idOf(row), ownerOf(row));
    const overturned = idOf(row) === 'tcc-PENDING-COMPLETE';
    expect([idOf(row), holds]).toEqual([idOf(row), overturned || row.decision === 'CANCEL']);
  }
  expect(await standing()).toEqual(unchanged().set('tcc-PENDING-COMPLETE', 'PENDING CANCEL'));
});

it('no other writer changes an existing decision', async () => {
  await writeDecided();
  for (const row of decided) {
    const orderId = idOf(row);
    const answers = [
      await orders.decideOrders([{ orderId, decision: 'COMPLETE' }]),
      await orders.decideOrders([{ orderId, decision: 'COMPLETE', effectsFollow: true }]),
      await orders.decideOrders([{ orderId, decision: 'CANCEL', reason: 'unavailable' }]),
    ];
    expect([orderId, ...answers.flat()]).toEqual([orderId, ...answers.map(() => row.decision)]);
    const cancelled = await intake.cancelOrder(orderId);
    expect([orderId, cancelled === 'completed']).toEqual([orderId, row.decision === 'COMPLETE']);
  }
  expect(await standing()).toEqual(unchanged());
});
