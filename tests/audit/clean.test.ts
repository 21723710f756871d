import { auditAtRest } from '../../audit/at-rest';
import { exitCodeOf, type AuditReport } from '../../audit/audit';
import { toJson, toText } from '../../audit/report';
import { ruleIds } from '../../audit/rules';
import { createWorld, type World } from './world';

/** Correct worlds: at rest, and with every kind of work in flight. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
beforeEach(() => world.begin());
afterAll(() => world.end());

function verdict(report: AuditReport) {
  return { violations: report.violations, atRest: report.atRest, exit: exitCodeOf(report) };
}

const provedAtRest = { violations: [], atRest: true, exit: 0 };
const provedInFlight = { violations: [], atRest: false, exit: 2 };

/** Every way in which an order can end, and an order that has not begun. */
async function endedOrders(): Promise<void> {
  await world.order({ orderId: 'completed', status: 'COMPLETED' });
  await world.take('completed');

  await world.order({
    orderId: 'given-back',
    status: 'CANCELLED',
    reason: 'cancelled-by-customer',
  });
  await world.take('given-back');
  await world.giveBack('given-back');

  // The product service refused: points were used and refunded, stock has only a rejection.
  await world.order({ orderId: 'rejected', status: 'CANCELLED', reason: 'insufficient-stock' });
  const rejection = { kind: 'rejected', code: 'insufficient-stock' };
  await world.barrier('product', 'rejected', 'deductStock', rejection);
  await world.barrier('product', 'rejected', 'restoreStock', { kind: 'done' });
  await world.take('rejected', { points: true });
  await world.giveBack('rejected', { points: true });

  // Cancelled before the stock was asked: the compensation left its tombstone.
  await world.order({ orderId: 'tombstone', status: 'CANCELLED', reason: 'unavailable' });
  await world.barrier('product', 'tombstone', 'deductStock', { kind: 'cancelled' });
  await world.barrier('product', 'tombstone', 'restoreStock', { kind: 'done' });
  await world.take('tombstone', { points: true });
  await world.giveBack('tombstone', { points: true });

  await world.order({ orderId: 'never-placed', status: 'CANCELLED', claimed: false });
  await world.order({ orderId: 'created', status: 'CREATED' });
}

test('an empty system is clean', async () => {
  const report = await world.audit();
  expect(verdict(report)).toEqual(provedAtRest);
  expect(report.orders).toBe(0);
});

test('proves orders that ended in every way, and one that was not placed', async () => {
  await endedOrders();
  const report = await world.audit();
  expect(verdict(report)).toEqual(provedAtRest);
  expect(report.orders).toBe(6);
  expect(report.byStatus).toEqual({
    CREATED: 1,
    PLACING: 0,
    PENDING: 0,
    COMPLETED: 1,
    CANCELLED: 4,
  });
  expect(report.checked).toMatchObject({
    'order-total': 6,
    'stock-taken-once': 1,
    'stock-given-back': 4,
    'stock-balance': 2,
    'points-balance': 2,
  });
});

test('counts an order with an open workflow as in flight, whatever it has taken', async () => {
  await endedOrders();
  await world.order({ orderId: 'nothing-yet', status: 'PLACING', owner: 'w-1', ownedS: 300 });
  await world.order({ orderId: 'half', status: 'PLACING', owner: 'w-1' });
  await world.take('half', { stock: true });
  await world.order({ orderId: 'undoing', status: 'PLACING', owner: 'w-2', decision: 'CANCEL' });
  await world.take('undoing');
  await world.giveBack('undoing', { stock: true });
  world.open.add('w-1').add('w-2');
  const report = await world.audit();
  expect(verdict(report)).toEqual(provedInFlight);
  expect(report.inFlight).toEqual([
    { orderId: 'half', waitsFor: 'workflow' },
    { orderId: 'nothing-yet', waitsFor: 'workflow' },
    { orderId: 'undoing', waitsFor: 'workflow' },
  ]);
});

test('proves orders of `lock` without barrier rows, ended or unfinished', async () => {
  const pattern = 'lock';
  await world.order({ orderId: 'taken', status: 'COMPLETED', pattern });
  await world.takeByLock('taken');
  await world.order({
    orderId: 'short',
    status: 'CANCELLED',
    pattern,
    reason: 'insufficient-stock',
  });
  await world.order({ orderId: 'cancelled', status: 'PLACING', pattern, decision: 'CANCEL' });
  await world.order({ orderId: 'begun', status: 'PLACING', pattern });
  world.open.add('owner-of-cancelled').add('owner-of-begun');
  expect(verdict(await world.audit())).toEqual(provedInFlight);
});

test('accepts a closed workflow with a registry row, an alert, or adoption still in time', async () => {
  const { order: orders } = world.databases;
  const waiting = { status: 'PENDING', ownedS: 300 } as const;
  const registered = { decision: 'CANCEL', waitsFor: 'compensation' } as const;
  await world.order({ ...waiting, ...registered, orderId: 'registered' });
  await world.take('registered');
  await orders('compensations').insert({
    order_id: 'registered',
    step: 'restoreStock',
    next_retry_at: orders.fn.now(6),
    last_error: 'ECONNREFUSED',
  });
  await world.order({ ...waiting, orderId: 'broken', waitsFor: 'operator' });
  await orders('alerts').insert({
    kind: 'broken-step',
    order_id: 'broken',
    runbook: 'docs',
    detail: 'guard-violated',
  });
  await world.order({ orderId: 'just-lost', status: 'PLACING', ownedS: 5 });
  const report = await world.audit();
  expect(verdict(report)).toEqual(provedInFlight);
  expect(report.inFlight).toEqual([
    { orderId: 'broken', waitsFor: 'operator' },
    { orderId: 'just-lost', waitsFor: 'adoption' },
    { orderId: 'registered', waitsFor: 'compensation' },
  ]);
});

test('accepts a reservation while its order may hold it', async () => {
  await world.order({ orderId: 'on-its-way', status: 'PLACING', owner: 'w-1' });
  world.open.add('w-1');
  await world.reserve('on-its-way', 'p-1', 2);
  expect(verdict(await world.audit())).toEqual(provedInFlight);
});

test('distinguishes ids that differ in case or punctuation', async () => {
  for (const orderId of ['a', 'A', 'a-1', 'a_1', 'a1', 'a0', '0', '-', 'Z']) {
    await world.order({ orderId, status: 'COMPLETED' });
    await world.take(orderId);
  }
  const report = await world.audit();
  expect(verdict(report)).toEqual(provedAtRest);
  expect(report.orders).toBe(9);
});

test('waits for work that ends in time, then proves it', async () => {
  await world.order({ orderId: 'ending', status: 'PLACING', owner: 'w-1' });
  await world.take('ending');
  world.open.add('w-1');
  let audits = 0;
  const report = await auditAtRest(world.deps, {
    restMsMax: 10_000,
    onProgress: ({ ordersDone }) => {
      if (ordersDone === 0) audits += 1;
      if (audits > 1) return;
      void world.databases
        .order('orders')
        .where({ order_id: 'ending' })
        .update({ status: 'COMPLETED', decision: 'COMPLETE' })
        .then();
    },
  });
  expect(audits).toBe(2);
  expect(verdict(report)).toEqual(provedAtRest);
});

test('reports work that does not end in time', async () => {
  await world.order({ orderId: 'lasting', status: 'PLACING', owner: 'w-1' });
  world.open.add('w-1');
  const report = await auditAtRest(world.deps, { restMsMax: 600 });
  expect(verdict(report)).toEqual(provedInFlight);
});

test('returns the snapshot session unchanged', async () => {
  const timeout = async () => {
    const [rows] = (await world.deps.product.raw('SELECT @@wait_timeout t')) as [{ t: number }[]];
    return rows[0]?.t;
  };
  const before = await timeout();
  await world.audit();
  expect(await timeout()).toBe(before);
});

test('reports what was proved, and --json contains only the contract', async () => {
  await endedOrders();
  const report = await world.audit();
  const text = toText(report);
  expect(text).toContain('6 orders: CREATED 1, PLACING 0, PENDING 0, COMPLETED 1, CANCELLED 4');
  expect(text).toMatch(/proved +1 +stock-taken-once +A COMPLETED order took/);
  expect(text).toContain('Clean and at rest');
  expect(JSON.parse(toJson(report))).toEqual({
    clean: true,
    atRest: true,
    orders: 6,
    violations: [],
  });
});

test('keeps rule names stable', () => {
  expect(ruleIds).toEqual([
    'order-total',
    'order-decision',
    'created-untouched',
    'stock-taken-once',
    'points-taken-once',
    'stock-given-back',
    'points-given-back',
    'stock-all-or-none',
    'points-all-or-none',
    'given-back-after-cancel',
    'confirmed-after-complete',
    'lock-in-one',
    'points-of-customer',
    'stock-barrier',
    'points-barrier',
    'late-step-barred',
    'branch-left-prepared',
    'reservation-left-open',
    'heuristic-outcome',
    'registry-row-left-open',
    'row-without-order',
    'stuck-order',
    'waits-for',
    'outbox-drained',
    'overdue',
    'recovery-overdue',
    'stock-balance',
    'points-balance',
    'balance-missing',
    'negative-balance',
    'reserved-by-orders',
    'reserved-at-rest',
  ]);
});
