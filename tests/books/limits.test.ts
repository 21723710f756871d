import fc from 'fast-check';
import type { Knex } from 'knex';
import { openDatabase } from '../../activities/database/connection';
import { createTestDatabases, type TestDatabases } from '../support/databases';
import { openXaOf } from '../support/world';
import { arbitraryScenario, Books, columnMax, type Order, type Scenario } from './model';
import { pointsSubject, stockSubject, type Subject } from './subjects';

/**
 * Balances at the limit of their column and orders at the limit of their cost: whatever is taken,
 * given back, reserved, confirmed or cancelled, in a batch or alone, every digit is right.
 */

let databases: TestDatabases;
let pools: Record<'product' | 'point', Knex>;
let xa: ReturnType<typeof openXaOf>;

beforeAll(async () => {
  databases = await createTestDatabases();
  pools = {
    product: openDatabase({ url: databases.url('product_worker', 'product'), poolMax: 4 }),
    point: openDatabase({ url: databases.url('point_worker', 'point'), poolMax: 4 }),
  };
  xa = openXaOf(databases);
});

afterAll(async () => {
  await Promise.all([pools.product.destroy(), pools.point.destroy()]);
  await Promise.all([xa.product.close(), xa.point.close()]);
  await databases.drop();
});

const subjects: [string, () => Subject][] = [
  ['stock', () => stockSubject(databases, pools.product, xa.product)],
  ['points', () => pointsSubject(databases, pools.point, xa.point)],
];
const runs = 40;

function check(play: (scenario: Scenario) => Promise<void>, numRuns = runs): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitraryScenario, play), { numRuns, endOnFailure: true });
}

const allDone = (orders: readonly Order[]) => orders.map(() => ({ kind: 'done' }));

function split(taken: Order[], { orders, stays }: Scenario): [Order[], Order[]] {
  const remains = (order: Order) => stays[orders.indexOf(order)] === true;
  return [taken.filter(remains), taken.filter((order) => !remains(order))];
}

describe.each(subjects)('%s', (_, create) => {
  test('taken and given back by the saga', () =>
    check(async (scenario) => {
      const subject = create();
      const model = new Books(scenario.opening, subject.rejection);
      await subject.begin(scenario.opening);
      const { outcomes, taken } = model.take(scenario.orders);
      for (const order of taken) model.post(order, -1n);
      expect(await subject.saga.take(scenario.orders)).toEqual(outcomes);
      expect(await subject.seen()).toEqual(model.seen());
      const [, back] = split(taken, scenario);
      if (back.length === 0) return;
      for (const order of back) {
        model.available += order.amount;
        model.post(order, 1n);
      }
      expect(await subject.saga.giveBack(back)).toEqual(allDone(back));
      expect(await subject.seen()).toEqual(model.seen());
    }));

  test('reserved, confirmed and cancelled by TCC', () =>
    check(async (scenario) => {
      const subject = create();
      const model = new Books(scenario.opening, subject.rejection);
      await subject.begin(scenario.opening);
      const { outcomes, taken } = model.take(scenario.orders);
      for (const { amount } of taken) model.reserved += amount;
      expect(await subject.tcc.take(scenario.orders)).toEqual(outcomes);
      expect(await subject.seen()).toEqual(model.seen());
      const [kept, back] = split(taken, scenario);
      for (const order of kept) {
        model.reserved -= order.amount;
        model.post(order, -1n);
      }
      if (kept.length > 0) expect(await subject.tcc.confirm(kept)).toEqual(allDone(kept));
      for (const { amount } of back) {
        model.reserved -= amount;
        model.available += amount;
      }
      if (back.length > 0) expect(await subject.tcc.cancel(back)).toEqual(allDone(back));
      expect(await subject.seen()).toEqual(model.seen());
    }));

  test('prepared, committed and rolled back by XA', () =>
    check(async (scenario) => {
      const subject = create();
      const model = new Books(scenario.opening, subject.rejection);
      await subject.begin(scenario.opening);
      // One after the other: a prepared branch holds its balance.
      for (const order of scenario.orders) {
        const { outcomes, taken } = model.take([order]);
        expect(await subject.xa.take([order])).toEqual(outcomes);
        const [kept, back] = split(taken, scenario);
        for (const one of kept) {
          model.post(one, -1n);
          expect(await subject.xa.commit([one])).toEqual([{ kind: 'committed' }]);
        }
        for (const one of back) {
          model.available += one.amount;
          expect(await subject.xa.rollback([one])).toEqual([{ kind: 'rolled-back' }]);
        }
        expect(await subject.seen()).toEqual(model.seen());
      }
    }, 10));

  test('does not give back what exceeds a balance’s range, and gives back its neighbours', async () => {
    const subject = create();
    const room = BigInt(Number.MAX_SAFE_INTEGER) + 2n;
    const orders = ['o-1', 'o-2', 'o-3'].map((orderId, i) => ({
      orderId,
      amount: i === 1 ? 3n : BigInt(Number.MAX_SAFE_INTEGER),
    }));
    await subject.begin(columnMax);
    await subject.saga.take(orders);
    // An operator fills up the balance, except what one of the larger orders needs.
    await subject.fill(columnMax - room);
    const full = { kind: 'broken', code: 'guard-violated' };
    const done = { kind: 'done' };
    expect(await subject.saga.giveBack(orders)).toEqual([done, full, full]);
    const left = await subject.seen();
    expect(left.available).toBe(String(columnMax - 2n));
    expect(left.ledger).toHaveLength(4);
    // Once there is room it is given back, and nothing is given back twice.
    await subject.fill(0n);
    expect(await subject.saga.giveBack(orders)).toEqual([done, done, done]);
    expect((await subject.seen()).available).toBe(String(BigInt(Number.MAX_SAFE_INTEGER) + 3n));
  });

  test('keeps a reservation that exceeds a balance’s range, and cancels it later', async () => {
    const subject = create();
    const orders = [{ orderId: 'o-1', amount: 3n }];
    await subject.begin(columnMax);
    await subject.tcc.take(orders);
    await subject.fill(columnMax - 2n);
    const full = { kind: 'broken', code: 'guard-violated' };
    expect(await subject.tcc.cancel(orders)).toEqual([full]);
    expect(await subject.seen()).toEqual({
      available: String(columnMax - 2n),
      reserved: '3',
      ledger: [],
    });
    await subject.fill(7n);
    expect(await subject.tcc.cancel(orders)).toEqual([{ kind: 'done' }]);
    expect(await subject.seen()).toEqual({ available: '10', reserved: '0', ledger: [] });
  });
});
