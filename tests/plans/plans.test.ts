import { createParticipantActivities } from '../../activities/participant/activities';
import { point as pointParticipant } from '../../contracts/participants/point';
import { product as productParticipant } from '../../contracts/participants/product';
import type { Knex } from 'knex';
import type { Service } from '../../contracts/participants';
import { createLockActivities } from '../../activities/lock/activities';
import { createOrderActivities } from '../../activities/order/activities';
import { createOrderIntake } from '../../activities/order/intake';
import { createOrderQueries } from '../../activities/order/queries';
import { createPointBalances } from '../../activities/point/balances';
import { createCatalogue } from '../../activities/product/catalogue';
import { openDatabase } from '../../activities/database/connection';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { badPlans, distinct, Recorder, type BadPlan } from './plans';
import { customerId, loyalCustomer, orderId, productId, seedShop } from './seed';

/**
 * The plans of the real statements: the functions of a placed order, a waiting caller and recovery
 * run on a shop of some thousand orders, and every statement that they send is explained.
 */

let databases: TestDatabases;
const pools: Knex[] = [];

beforeAll(async () => {
  databases = await createTestDatabases();
  await seedShop(databases);
}, 60_000);

afterAll(async () => {
  for (const pool of pools) await pool.destroy();
  await databases.drop();
});

function listening(recorder: Recorder, user: string, service: Service): Knex {
  const settings = { url: databases.url(user, service), poolMax: 4, lockWaitSMax: 1 };
  const knex = openDatabase(settings);
  pools.push(knex);
  return recorder.listen(knex);
}

async function explain(recorder: Recorder, service: Service): Promise<BadPlan[]> {
  return badPlans(databases[service], distinct(recorder.statements));
}

/** `count` numbers from `first` on; this file uses none twice. */
function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

const counts = [1, 20, 150];
const afterSizes = (index: number) => counts.slice(0, index).reduce((sum, n) => sum + n, 0);

function draft(n: number) {
  const id = `new-${String(n)}`;
  return {
    orderId: id,
    customerId: customerId(n),
    idempotencyKey: id,
    requestHash: 'test',
    lines: [{ productId: productId(n), quantity: 1, unitPrice: 1 }],
    total: 1,
  };
}

it('the API never scans or sorts a whole table of the order database', async () => {
  const recorder = new Recorder();
  const api = listening(recorder, 'order_api', 'order');
  const intake = createOrderIntake(api);
  const queries = createOrderQueries(api);
  for (const [i, count] of counts.entries()) {
    const some = range(afterSizes(i), count);
    const ids = some.map(orderId);
    await recorder.sentBy('createOrders', () => intake.createOrders(some.map(draft)));
    await recorder.sentBy('claimOrders', () =>
      intake.claimOrders(ids, `mine-${String(count)}`, 'saga'),
    );
    await recorder.sentBy('placeable', () => queries.placeable(ids));
    await recorder.sentBy('settled', () => queries.settled(ids));
    await recorder.sentBy('settled, of those that have ended', () =>
      queries.settled(range(2_000, count).map(orderId)),
    );
  }
  await recorder.sentBy('findCreated', () => intake.findCreated(draft(0)));
  await recorder.sentBy('cancelOrder', () => intake.cancelOrder(orderId(300)));
  await recorder.sentBy('byId', () => queries.byId(orderId(2_000)));
  await recorder.sentBy('page', () => queries.page(customerId(1), 50));
  expect(await explain(recorder, 'order')).toEqual([]);
  await recorder.sentBy('next page', () => queries.page(loyalCustomer, 50, orderId(4_000)));
  const holder = await databases.order.transaction();
  await holder('orders').where('order_id', orderId(301)).forUpdate();
  const held = range(301, 20).map(orderId);
  await recorder.sentBy('claimOrders, one of them held', () =>
    intake.claimOrders(held, 'mine-unlocked', 'saga'),
  );
  await holder.rollback();
  expect(await explain(recorder, 'order')).toEqual([]);
});

it('the order worker never scans or sorts a whole table', async () => {
  const recorder = new Recorder();
  const order = createOrderActivities({
    knex: listening(recorder, 'order_worker', 'order'),
    askOwners: () => Promise.resolve(new Set()),
  });
  for (const [i, count] of counts.entries()) {
    const some = range(600 + afterSizes(i), count).map(orderId);
    const of = <T extends object>(more: T) => some.map((id) => ({ orderId: id, ...more }));
    await recorder.sentBy('holdOrders', () =>
      order.holdOrders(of({ code: 'unknown-product', step: 'deductStock' } as const)),
    );
    const cancel = { decision: 'CANCEL', reason: 'unavailable' } as const;
    await recorder.sentBy('decideOrders, CANCEL', () => order.decideOrders(of(cancel)));
    await recorder.sentBy('registerCompensations', () =>
      order.registerCompensations(of({ step: 'refundPoints', error: 'away' } as const)),
    );
    await recorder.sentBy('recordCompensations', () =>
      order.recordCompensations(of({ step: 'refundPoints' } as const)),
    );
    await recorder.sentBy('closeOrders', () => order.closeOrders(some));
    const others = range(780 + afterSizes(i), count).map((n) => ({
      orderId: orderId(n),
      decision: 'COMPLETE' as const,
    }));
    await recorder.sentBy('decideOrders, COMPLETE', () => order.decideOrders(others));
  }
  await recorder.sentBy('dueCompensations', () =>
    order.dueCompensations({ step: 'refundPoints', after: null, limit: 100 }),
  );
  await recorder.sentBy('findOrphans', () =>
    order.findOrphans({ olderThanMs: 30_000, afterOwner: '', limit: 100 }),
  );
  await recorder.sentBy('findOrphans, next page', () =>
    order.findOrphans({ olderThanMs: 30_000, afterOwner: 'place-00050', limit: 100 }),
  );
  await recorder.sentBy('adoptOrder', () =>
    order.adoptOrder(
      [{ orderId: orderId(1_050), owner: 'place-00050', pattern: 'saga', lines: 1 }],
      'adopt-1',
    ),
  );
  expect(await explain(recorder, 'order')).toEqual([]);
});

it('no statement scans or sorts a whole table of the product database', async () => {
  const recorder = new Recorder();
  const product = createParticipantActivities(
    productParticipant,
    listening(recorder, 'product_worker', 'product'),
  );
  const queries = createCatalogue(listening(recorder, 'product_reader', 'product'));
  const command = (n: number) => ({
    orderId: orderId(n),
    lines: [1, 2].map((line) => ({ productId: productId(n + line * 7), quantity: 1 })),
  });
  for (const [i, count] of counts.entries()) {
    const commands = range(afterSizes(i), count).map(command);
    const ids = commands.flatMap(({ lines }) => lines.map((line) => line.productId));
    await recorder.sentBy('deductStock', () => product.deductStock(commands));
    await recorder.sentBy('restoreStock', () => product.restoreStock(commands));
    await recorder.sentBy('byIds', () => queries.byIds(ids));
  }
  const holder = await databases.product.transaction();
  await holder('products').where('product_id', productId(508)).forUpdate();
  await recorder.sentBy('deductStock, one product held', () =>
    product.deductStock(range(500, 20).map(command)),
  );
  await holder.rollback();
  await recorder.sentBy('page', () => queries.page(50));
  await recorder.sentBy('next page', () => queries.page(50, productId(700)));
  expect(await explain(recorder, 'product')).toEqual([]);
});

it('no statement scans or sorts a whole table of the point database', async () => {
  const recorder = new Recorder();
  const point = createParticipantActivities(
    pointParticipant,
    listening(recorder, 'point_worker', 'point'),
  );
  const queries = createPointBalances(listening(recorder, 'point_reader', 'point'));
  const command = (n: number) => ({ orderId: orderId(n), customerId: customerId(n), points: 1 });
  for (const [i, count] of counts.entries()) {
    const commands = range(afterSizes(i), count).map(command);
    await recorder.sentBy('usePoints', () => point.usePoints(commands));
    await recorder.sentBy('refundPoints', () => point.refundPoints(commands));
  }
  await recorder.sentBy('balanceOf', () => queries.balanceOf(customerId(1)));
  expect(await explain(recorder, 'point')).toEqual([]);
});

it('the transaction over all three databases never scans or sorts a whole table', async () => {
  const recorder = new Recorder();
  const knex = listening(recorder, 'lock_worker', 'order');
  const lock = createLockActivities({ knex, databases: databases.names });
  const reopened = range(5_000, 300).map(orderId);
  await databases
    .order('orders')
    .whereIn('order_id', reopened)
    .update({ status: 'PLACING', decision: null });
  for (const [i, count] of counts.entries()) {
    const commands = range(5_000 + afterSizes(i), count).map((n) => ({
      orderId: orderId(n),
      customerId: customerId(n),
      points: 1,
      lines: [1, 2].map((line) => ({ productId: productId(n + line * 7), quantity: 1 })),
    }));
    await recorder.sentBy('placeInOneTransaction', async () => {
      const outcomes = await lock.placeInOneTransaction(commands);
      expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['done']));
    });
  }
  // Explained by a user who may read all three databases.
  expect(await explain(recorder, 'order')).toEqual([]);
});

it('the test finds a statement that scans or sorts a whole table', async () => {
  const recorder = new Recorder();
  const knex = listening(recorder, 'order_api', 'order');
  await recorder.sentBy('a scan', () => knex('orders').where('total', 7));
  await recorder.sentBy('a sort', () =>
    knex('orders').where('customer_id', loyalCustomer).orderBy('created_at').limit(5),
  );
  const found = await explain(recorder, 'order');
  expect(found.map(({ from, faults }) => [from, faults])).toEqual([
    ['a scan', ['ALL of orders']],
    ['a sort', ['filesort']],
  ]);
});
