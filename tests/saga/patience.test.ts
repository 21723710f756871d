import { defaultTiming } from '../../contracts/limits';
import { workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import type { FailedCompensation, OrderActivities, DecisionRequest } from '../../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../../contracts/workflows';
import { skipTime, type SkippedRun, type SkippedTime } from '../support/skipped-time';

/** How long the saga retries, with the product's real limits and skipped time. */

const order: PlacedOrder = {
  orderId: 'o-1',
  customerId: 'anna',
  lines: [{ productId: 'apple', quantity: 1, unitPrice: 1 }],
  total: 1,
};
const done = () => Promise.resolve([{ kind: 'done' as const }]);
const fail = () => Promise.reject(new Error('away'));

let time: SkippedTime;

beforeAll(async () => {
  time = await skipTime();
});

afterAll(() => time.end());

interface Run extends SkippedRun<PlaceOrdersResult> {
  verdicts: DecisionRequest[];
  registered: FailedCompensation[];
}

async function run(
  participants: Record<string, () => Promise<unknown>>,
  orderFaults: Partial<OrderActivities> = {},
): Promise<Run> {
  const verdicts: DecisionRequest[] = [];
  const registered: FailedCompensation[] = [];
  const activities = {
    deductStock: done,
    restoreStock: done,
    usePoints: done,
    refundPoints: done,
    ...participants,
    decideOrders: (given: DecisionRequest[]) => {
      verdicts.push(...given);
      return Promise.resolve(given.map(({ decision }) => decision));
    },
    closeOrders: () => Promise.resolve(),
    registerCompensations: (failed: FailedCompensation[]) => {
      registered.push(...failed);
      return Promise.resolve();
    },
    ...orderFaults,
  };
  const input: PlaceOrdersInput = { orders: [order], timing: defaultTiming };
  const ended = await time.run<PlaceOrdersResult>(workflowTypes.placeOrders, input, activities);
  return { ...ended, verdicts, registered };
}

it('gives up an action after about a minute, and cancels as unavailable', async () => {
  const { result, verdicts, tookMs } = await run({ usePoints: fail });
  expect(result).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  expect(verdicts).toEqual([
    { orderId: 'o-1', decision: 'CANCEL', reason: 'unavailable', nothingTaken: false },
  ]);
  expect(tookMs).toBeGreaterThan(50_000);
  expect(tookMs).toBeLessThan(70_000);
});

it('tries a compensation a few times, then registers it', async () => {
  let tries = 0;
  const { result, registered } = await run({
    usePoints: () => Promise.resolve([{ kind: 'rejected', code: 'insufficient-points' }]),
    restoreStock: () => {
      tries += 1;
      return fail();
    },
  });
  expect(result).toEqual({ completed: 0, cancelled: 0, pending: 1 });
  expect(tries).toBe(defaultTiming.compensationAttemptsMax);
  expect(registered).toEqual([{ orderId: 'o-1', step: 'restoreStock', error: 'away' }]);
});

it('never gives up the decision, even after an hour without the order database', async () => {
  const away = time.awayFor(3_600_000);
  const { result, tookMs } = await run(
    {},
    {
      decideOrders: async (verdicts) => {
        await away();
        return verdicts.map(({ decision }) => decision);
      },
    },
  );
  expect(result).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(tookMs).toBeGreaterThan(3_600_000);
});
