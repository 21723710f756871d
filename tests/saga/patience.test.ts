import { randomUUID } from 'node:crypto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { defaultTiming } from '../../contracts/limits';
import { taskQueues, workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import type { FailedCompensation, OrderActivities, Verdict } from '../../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../../contracts/workflows';
import { workflowBundle } from '../../workers/bundle';
import { quietRuntime } from '../support/runtime';
import { timeSkippingServer } from '../support/servers';

/** How long the saga is patient with the timing of the product, with time skipped. */

const order: PlacedOrder = {
  orderId: 'o-1',
  customerId: 'anna',
  lines: [{ productId: 'apple', quantity: 1, unitPrice: 1 }],
  total: 1,
};
const done = () => Promise.resolve([{ kind: 'done' as const }]);
const fail = () => Promise.reject(new Error('away'));

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  quietRuntime();
  environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: timeSkippingServer() } },
  });
});

afterAll(() => environment.teardown());

interface Run {
  result: PlaceOrdersResult;
  verdicts: Verdict[];
  registered: FailedCompensation[];
  /** By the server's clock, which skips. */
  tookMs: number;
}

async function run(
  participants: Record<string, () => Promise<unknown>>,
  orderFaults: Partial<OrderActivities> = {},
): Promise<Run> {
  const { nativeConnection: connection, client } = environment;
  const verdicts: Verdict[] = [];
  const registered: FailedCompensation[] = [];
  const activities = {
    deductStock: done,
    restoreStock: done,
    usePoints: done,
    refundPoints: done,
    ...participants,
    decideOrders: (given: Verdict[]) => {
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
  const queues = Object.values(taskQueues);
  const workers = await Promise.all(
    queues.map(async (taskQueue) =>
      Worker.create({
        connection,
        taskQueue,
        ...(taskQueue === taskQueues.workflow
          ? { workflowBundle: await workflowBundle() }
          : { activities }),
      }),
    ),
  );
  const running = workers.map((worker) => worker.run());
  const input: PlaceOrdersInput = { orders: [order], timing: defaultTiming };
  const handle = await client.workflow.start<
    (input: PlaceOrdersInput) => Promise<PlaceOrdersResult>
  >(workflowTypes.placeOrders, {
    workflowId: `patience-${randomUUID()}`,
    taskQueue: taskQueues.workflow,
    args: [input],
  });
  const result = await handle.result();
  const { startTime, closeTime } = await handle.describe();
  const tookMs = Number(closeTime) - Number(startTime);
  workers.forEach((worker) => worker.shutdown());
  await Promise.all(running);
  return { result, verdicts, registered, tookMs };
}

it('gives an action up after about a minute, and cancels as unavailable', async () => {
  const { result, verdicts, tookMs } = await run({ usePoints: fail });
  expect(result).toEqual({ completed: 0, cancelled: 1, pending: 0 });
  expect(verdicts).toEqual([
    { orderId: 'o-1', decision: 'CANCEL', reason: 'unavailable', nothingTaken: false },
  ]);
  expect(tookMs).toBeGreaterThan(50_000);
  expect(tookMs).toBeLessThan(70_000);
});

it('tries a compensation a few times, and then puts it on record', async () => {
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

it('never gives up on the decision: an hour without the order database is waited out', async () => {
  const begun = await environment.currentTimeMs();
  const { result, tookMs } = await run(
    {},
    {
      decideOrders: async (verdicts) => {
        if ((await environment.currentTimeMs()) < begun + 3_600_000) throw new Error('away');
        return verdicts.map(({ decision }) => decision);
      },
    },
  );
  expect(result).toEqual({ completed: 1, cancelled: 0, pending: 0 });
  expect(tookMs).toBeGreaterThan(3_600_000);
});
