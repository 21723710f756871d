import { audit, exitCodeOf } from '../../audit/audit';
import { createWorld, type World } from './world';

/**
 * The auditor reads the orders before the participants, so only the later read sees a change
 * between the two. Such a change may neither be a violation nor hide one.
 */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
beforeEach(() => world.begin());
afterAll(() => world.end());

/** Audits, with `meanwhile` committed between the orders' read and all other reads. */
async function auditWhile(meanwhile: () => Promise<unknown>) {
  const report = await world.audit({
    afterOrdersRead: async () => {
      await meanwhile();
    },
  });
  return { violations: report.violations, inFlight: report.inFlight, exit: exitCodeOf(report) };
}

const anotherLook = (orderId: string) => ({
  violations: [],
  inFlight: [{ orderId, waitsFor: 'another-look' }],
  exit: 2,
});

const orders = () => world.databases.order('orders');

test('an order that completes between the reads is no violation', async () => {
  await world.order({ orderId: 'racing', status: 'PLACING', ownedS: 300 });
  const result = await auditWhile(async () => {
    await world.take('racing');
    await orders()
      .where({ order_id: 'racing' })
      .update({ status: 'COMPLETED', decision: 'COMPLETE' });
  });
  expect(result).toEqual(anotherLook('racing'));
});

test('an order that is placed in one transaction between the reads is no violation', async () => {
  await world.order({ orderId: 'racing', status: 'PLACING', pattern: 'lock', ownedS: 300 });
  const result = await auditWhile(async () => {
    await world.takeByLock('racing');
    await orders()
      .where({ order_id: 'racing' })
      .update({ status: 'COMPLETED', decision: 'COMPLETE' });
  });
  expect(result).toEqual(anotherLook('racing'));
});

test('an order that is decided and confirmed between the reads is no violation', async () => {
  await world.order({ orderId: 'racing', status: 'PLACING', pattern: 'tcc', ownedS: 300 });
  const { violations } = await auditWhile(async () => {
    await orders().where({ order_id: 'racing' }).update({ decision: 'COMPLETE' });
    await world.take('racing', { stock: true });
    const steps = world.databases.product('steps').where({ order_id: 'racing' });
    await steps.update({ step: 'confirmStock' });
  });
  expect(violations).toEqual([]);
});

test('an order that is cancelled and given back between the reads is no violation', async () => {
  await world.order({ orderId: 'racing', status: 'PLACING', ownedS: 300 });
  const result = await auditWhile(async () => {
    await world.take('racing');
    await orders().where({ order_id: 'racing' }).update({ decision: 'CANCEL' });
    await world.giveBack('racing');
    await orders().where({ order_id: 'racing' }).update({ status: 'CANCELLED' });
  });
  expect(result).toEqual(anotherLook('racing'));
});

test('an order that is placed between the reads is no violation', async () => {
  await world.order({ orderId: 'racing', status: 'CREATED' });
  const result = await auditWhile(async () => {
    await orders().where({ order_id: 'racing' }).update({ status: 'PLACING', owner: 'w-1' });
    await world.take('racing');
  });
  expect(result).toEqual(anotherLook('racing'));
});

test('an order that is created and placed between the reads is no orphan', async () => {
  const result = await auditWhile(async () => {
    await world.order({ orderId: 'newborn', status: 'COMPLETED' });
    await world.take('newborn');
  });
  expect(result).toEqual(anotherLook('newborn'));
});

test('an order that is adopted between the reads is not stuck', async () => {
  await world.order({ orderId: 'lost', status: 'PLACING', ownedS: 300 });
  const result = await auditWhile(() =>
    orders().where({ order_id: 'lost' }).update({ owner: 'adopter' }),
  );
  expect(result).toEqual(anotherLook('lost'));
});

test('an order with a compensation registered between the reads is not stuck', async () => {
  await world.order({ orderId: 'late', status: 'PENDING', decision: 'CANCEL', ownedS: 300 });
  const result = await auditWhile(async () => {
    await world.databases.order('compensations').insert({
      order_id: 'late',
      step: 'refundPoints',
      next_retry_at: new Date(),
      last_error: 'ECONNREFUSED',
    });
    await orders().where({ order_id: 'late' }).update({ waits_for: 'compensation' });
  });
  expect(result).toMatchObject({
    violations: [],
    inFlight: [{ orderId: 'late', waitsFor: 'compensation' }],
  });
});

test('a workflow that ends between the query and the row’s read is no violation', async () => {
  await world.order({ orderId: 'ending', status: 'PLACING', owner: 'w-1', ownedS: 300 });
  const report = await world.audit();
  expect(report.violations).toMatchObject([{ rule: 'stuck-order', orderId: 'ending' }]);
  const isOpen = async () => {
    await orders()
      .where({ order_id: 'ending' })
      .update({ status: 'COMPLETED', decision: 'COMPLETE' });
    return false;
  };
  const again = await audit({ ...world.deps, isOpen });
  expect(again.violations).toEqual([]);
  expect(again.inFlight).toEqual([{ orderId: 'ending', waitsFor: 'another-look' }]);
});

test('a reservation of an order that was placed between the reads is no violation', async () => {
  await world.order({ orderId: 'racing', status: 'CREATED' });
  const result = await auditWhile(async () => {
    const claimed = {
      status: 'PLACING' as const,
      owner: 'w-1',
      owned_at: world.databases.order.raw('UTC_TIMESTAMP(6)'),
    };
    await orders().where({ order_id: 'racing' }).update(claimed);
    await world.reserve('racing', 'p-1', 2);
  });
  expect(result).toEqual(anotherLook('racing'));
});

test('balance and ledger of a participant are read at one instant', async () => {
  // Written continuously while the sums and the ranges are read, in separate transactions.
  const stop = new AbortController();
  const writing = (async () => {
    for (let i = 0; !stop.signal.aborted && i < 500; i += 1) {
      await world.databases.product.transaction(async (trx) => {
        await trx('products').where({ product_id: 'p-1' }).decrement('available', 1);
        const row = { order_id: 'noise', product_id: 'p-1', kind: 'deduct', quantity: -1 };
        await trx('stock_ledger').insert(row);
        await trx('stock_ledger').insert({ ...row, kind: 'restore', quantity: 1 });
        await trx('products').where({ product_id: 'p-1' }).increment('available', 1);
      });
    }
  })();
  for (let i = 0; i < 10; i += 1) {
    const { violations } = await world.audit();
    expect(violations.filter(({ rule }) => rule !== 'row-without-order')).toEqual([]);
  }
  stop.abort();
  await writing;
});

test('finds an earlier fault, whatever happens during the audit', async () => {
  await world.order({ orderId: 'wrong', status: 'COMPLETED' });
  await world.take('wrong', { stock: true });
  await world.order({ orderId: 'racing', status: 'PLACING' });
  const result = await auditWhile(async () => {
    await world.take('racing');
    await orders()
      .where({ order_id: 'racing' })
      .update({ status: 'COMPLETED', decision: 'COMPLETE' });
  });
  expect(result.violations).toMatchObject([{ rule: 'points-taken-once', orderId: 'wrong' }]);
  expect(result.exit).toBe(1);
});
