import { exitCodeOf } from '../../audit/audit';
import { toText } from '../../audit/report';
import { ruleIds } from '../../audit/rules';
import { barrierTampering } from './tampering/barrier';
import { branchTampering } from './tampering/branches';
import { confirmTampering } from './tampering/confirms';
import { dearOrder, digitTampering } from './tampering/digits';
import { ledgerTampering } from './tampering/ledgers';
import { lockTampering } from './tampering/lock';
import { orderTampering } from './tampering/orders';
import { recoveryTampering } from './tampering/recovery';
import { cleanWorld, tables } from './tampering/tampering';
import { createWorld, type World } from './world';

/**
 * Each case changes one thing by hand in a clean world. The auditor finds it, by the broken rule
 * and with the order's id.
 */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.end());

describe.each([
  ['the ledgers and balances', ledgerTampering],
  ['the barrier', barrierTampering],
  ['the orders and the registry', orderTampering],
  ['orders of `lock`', lockTampering],
  ['the confirms', confirmTampering],
  ['the branches', branchTampering],
  ['recovery', recoveryTampering],
  ['the last digits', digitTampering],
])('tampering with %s', (_, cases) => {
  test.each(cases)('$what', async ({ orderId, rules, tamper }) => {
    await cleanWorld(world);
    await tamper(world);
    const report = await world.audit();
    const expected = rules.map((rule) => ({ rule, orderId }));
    expect(report.violations.map(({ rule, orderId: id }) => ({ rule, orderId: id }))).toEqual(
      expected,
    );
    expect(exitCodeOf(report)).toBe(1);
  });
});

test('judges amounts above 2^53 to the last digit', async () => {
  await cleanWorld(world);
  await dearOrder(world);
  expect((await world.audit()).violations).toEqual([]);
});

test('starts from a clean world', async () => {
  await cleanWorld(world);
  const report = await world.audit();
  expect(report.violations).toEqual([]);
  expect(exitCodeOf(report)).toBe(2);
});

describe('without the CHECK', () => {
  const check = 'products_available_not_negative';
  beforeEach(async () => {
    await cleanWorld(world);
    await world.databases.product.raw('ALTER TABLE products DROP CHECK ??', [check]);
  });
  afterEach(async () => {
    await world.begin();
    await world.databases.product.raw(
      'ALTER TABLE products ADD CONSTRAINT ?? CHECK (available >= 0)',
      [check],
    );
  });

  test('finds a negative balance that agrees with its ledger', async () => {
    const lines = [{ productId: 'p-1', quantity: 95 }];
    await world.order({ orderId: 'oversold', status: 'COMPLETED', lines });
    await tables(world)
      .accounts()
      .where({ customer_id: 'c-1' })
      .update({ available: 910, opening: 1_000 });
    await tables(world).accounts().increment({ available: 1_000, opening: 1_000 });
    await world.take('oversold');
    const report = await world.audit();
    expect(report.violations.filter(({ rule }) => rule === 'negative-balance')).toEqual([
      {
        rule: 'negative-balance',
        orderId: null,
        detail: 'product p-1: available -3, reserved 0',
      },
    ]);
  });
});

test('names no order for a balance that none has touched', async () => {
  await world.begin();
  await tables(world).products().where({ product_id: 'p-1' }).update({ available: 99 });
  const report = await world.audit();
  expect(report.violations).toEqual([
    {
      rule: 'stock-balance',
      orderId: null,
      detail:
        'product p-1: available 99 + reserved 0 is off by -1 from opening 100 + ledger 0; ' +
        'no order has touched it',
    },
  ]);
});

test('finds reservations at rest, whichever order they belong to', async () => {
  await world.begin();
  await world.order({ orderId: 'long-done', status: 'COMPLETED', ownedS: 30 });
  await world.take('long-done');
  await world.reserve('long-done', 'p-2', 2);
  const report = await world.audit();
  expect(report.violations).toEqual([
    {
      rule: 'reservation-left-open',
      orderId: 'long-done',
      detail: 'COMPLETED, and p-2 × 2 are reserved for it',
    },
    { rule: 'reserved-at-rest', orderId: null, detail: 'product p-2: 2 reserved' },
  ]);
});

test('reports the violation, what to do, and the verdict', async () => {
  await cleanWorld(world);
  await tables(world).points().where({ order_id: 'COMPLETED-1' }).delete();
  const text = toText(await world.audit());
  expect(text).toMatch(/1 wrong +3 +points-taken-once/);
  expect(text).toMatch(/points-taken-once +COMPLETED-1 +due c-1 × 30; took nothing/);
  expect(text).toMatch(/What to do\n/);
  expect(text).toContain('NOT CLEAN: violations: 3.');
});

test('breaks every rule by a case above', () => {
  const cases = [
    ledgerTampering,
    barrierTampering,
    orderTampering,
    lockTampering,
    confirmTampering,
    branchTampering,
    recoveryTampering,
  ].flat();
  const broken = cases.flatMap(({ rules }) => rules);
  const alone = ['negative-balance', 'reserved-at-rest'];
  expect([...new Set([...broken, ...alone])].sort()).toEqual([...ruleIds].sort());
});
