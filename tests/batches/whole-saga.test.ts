import fc from 'fast-check';
import { auditAtRest } from '../../audit/at-rest';
import { createOrderIntake } from '../../activities/order/intake';
import type { PlacedOrder } from '../../contracts/order';
import { byService } from '../../contracts/participants';
import { createAskOwners } from '../../workers/wiring/open-owners';
import { createOrder, runOnce, startSaga, stateOf, until } from '../support/orders';
import type { Faults } from '../support/faults';
import { createWorld, hurriedTiming, type World } from '../support/world';

/**
 * Whole batches on the real system. Any steps fail once or lose their reply, and any orders are
 * rejected, broken or cancelled midway; each order ends as promised.
 */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.stop());

const runs = 6;
const stepNames = [
  'deductStock',
  'usePoints',
  'decideOrders',
  'restoreStock',
  'refundPoints',
  'closeOrders',
  'holdOrders',
  'registerCompensations',
] as const;
type Step = (typeof stepNames)[number];
/** Fails before its work, or after all of it. */
type OneFault = { step: Step; when: 'before' | 'after'; times: number };

const kinds = ['good', 'good', 'good', 'no-stock', 'no-points', 'broken', 'cancelled'] as const;
type Kind = (typeof kinds)[number];

const sketches: Record<Kind, { customerId: string; lines: Record<string, number> }> = {
  good: { customerId: 'anna', lines: { apple: 1, pear: 2 } },
  'no-stock': { customerId: 'anna', lines: { apple: 1, rare: 900 } },
  'no-points': { customerId: 'poor', lines: { apple: 3 } },
  broken: { customerId: 'anna', lines: { apple: 1, unheard: 1 } },
  cancelled: { customerId: 'berta', lines: { pear: 1 } },
};

const arbitraryFaults = fc.uniqueArray(
  fc.record({
    step: fc.constantFrom<Step>(...stepNames),
    when: fc.constantFrom<'before' | 'after'>('before', 'after'),
    // A compensation is tried twice, then registered.
    times: fc.integer({ min: 1, max: 2 }),
  }),
  { selector: ({ step }) => step, maxLength: 5 },
);

function faultOf({ when, times }: OneFault): NonNullable<Faults[Step]> {
  let left = times;
  return async (run) => {
    const fails = left-- > 0;
    if (fails && when === 'before') throw new Error('away');
    const answer = await run();
    if (fails) throw new Error('the reply is lost');
    return answer;
  };
}

async function begin(): Promise<void> {
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({
    apple: { available: 10_000 },
    pear: { available: 10_000 },
    rare: { available: 5 },
  });
  await world.databases.points({ anna: 100_000, berta: 1_000, poor: 2 });
}

/** The customers' cancels arrive after the effects, just before the decision. */
function cancelBeforeTheDecision(orders: PlacedOrder[]): void {
  const intake = createOrderIntake(world.databases.order);
  const faulty = world.faults.decideOrders;
  let isFirst = true;
  world.faults.decideOrders = async (run, args) => {
    if (isFirst) {
      isFirst = false;
      await Promise.all(orders.map(({ orderId }) => intake.cancelOrder(orderId)));
    }
    return faulty ? faulty(run, args) : run();
  };
}

const promised: Record<Kind, object> = {
  good: { status: 'COMPLETED', reason: null },
  'no-stock': { status: 'CANCELLED', reason: 'insufficient-stock' },
  'no-points': { status: 'CANCELLED', reason: 'insufficient-points' },
  broken: { status: 'PENDING', decision: null },
  cancelled: { status: 'CANCELLED', reason: 'cancelled-by-customer' },
};

async function play(orderKinds: Kind[], faults: OneFault[]): Promise<void> {
  await begin();
  for (const fault of faults) world.faults[fault.step] = faultOf(fault);
  const orders: PlacedOrder[] = [];
  for (const kind of orderKinds) orders.push(await createOrder(world, sketches[kind]));
  const of = (kind: Kind) => orders.filter((_, i) => orderKinds[i] === kind);
  cancelBeforeTheDecision(of('cancelled'));
  await (await startSaga(world, orders)).result();
  await drained();
  for (const kind of new Set(orderKinds)) {
    for (const { orderId } of of(kind)) {
      expect(await stateOf(world, orderId)).toMatchObject(promised[kind]);
    }
  }
  const databases = byService((service) => world.databases[service]);
  const ask = createAskOwners(world.client.workflow);
  const isOpen = async (id: string) => (await ask([id])).has(id);
  const closedAt = () => Promise.resolve(undefined);
  const deps = { ...databases, isOpen, closedAt };
  const report = await auditAtRest(deps, { restMsMax: 2_000 });
  expect(report.violations).toEqual([]);
}

/** Runs the drain until the registry is empty. */
async function drained(): Promise<void> {
  const pending = () => world.databases.order('compensations').where('status', 'PENDING');
  await until('the registry is drained', async () => {
    const owed = await pending().pluck('order_id');
    if (owed.length === 0) return true;
    await pending().update({ next_retry_at: '2026-01-01 00:00:00' });
    await runOnce(world, 'drainCompensations', { timing: hurriedTiming, limit: 100 });
    return false;
  });
}

it('every order of a batch ends as promised, whichever step fails once', async () => {
  const orderKinds = fc.array(fc.constantFrom<Kind>(...kinds), { minLength: 10, maxLength: 40 });
  await fc.assert(fc.asyncProperty(orderKinds, arbitraryFaults, play), {
    numRuns: runs,
    endOnFailure: true,
    includeErrorInReport: true,
  });
}, 150_000);
