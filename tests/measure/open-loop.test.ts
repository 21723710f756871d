import { runOpenLoop, schedule } from '../../tools/measure/open-loop';
import type { ApiClient } from '../../tools/load/api-client';
import type { LoadOrder } from '../../tools/load/order-file';

/** The open loop against a client in this process whose answers the test controls. */

const order: LoadOrder = { customerId: 'c-1', items: [{ productId: 'p-1', quantity: 1 }] };
const patience = { retryMsMax: 100, pollMsMax: 100, pauseMs: 10 };

/** Answers at once, except during a stall, whose end all requests wait for. */
function stallingClient(fromMs: number, toMs: number) {
  const startedAt = performance.now();
  const calls: number[] = [];
  const answer = async () => {
    const at = performance.now() - startedAt;
    const waitMs = at >= fromMs && at < toMs ? toMs - at : 0;
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  };
  const client: ApiClient = {
    create: async () => {
      calls.push(performance.now() - startedAt);
      await answer();
      return { status: 201, orderId: 'o-1', orderStatus: 'CREATED' };
    },
    place: () => Promise.resolve({ status: 200, orderStatus: 'COMPLETED' }),
    cancel: () => Promise.resolve({ status: 409, problem: 'already-completed' }),
    look: () => Promise.resolve({ status: 200, orderStatus: 'COMPLETED' }),
    close: () => Promise.resolve(),
  };
  return { client, calls };
}

function* endless(): Generator<LoadOrder> {
  for (;;) yield order;
}

function run(client: ApiClient, dueMs: number[], outstandingMax = 1_000) {
  const orders = endless();
  return runOpenLoop({ client, orders, dueMs, outstandingMax, keyPrefix: 'key', patience });
}

test('a schedule ascends, keeps its time and rate, and is the same for the same seed', () => {
  const due = schedule(200, 50, 7);
  expect(due).toEqual(schedule(200, 50, 7));
  expect(due).not.toEqual(schedule(200, 50, 8));
  expect(due).toEqual([...due].sort((a, b) => a - b));
  expect(due.at(-1)).toBeLessThan(50_000);
  // Five standard deviations of a Poisson count of 10,000.
  expect(Math.abs(due.length - 10_000)).toBeLessThan(500);
});

test('sends orders when they are due, even without any answer', async () => {
  const { client, calls } = stallingClient(0, 0);
  const dueMs = [0, 50, 100, 150, 200];
  let answerAll: () => void = () => undefined;
  const answers = new Promise<void>((resolve) => {
    answerAll = resolve;
  });
  const summary = await run(
    {
      ...client,
      // No order is answered before the last one was sent.
      create: async (...asked) => {
        const answer = client.create(...asked);
        if (calls.length === dueMs.length) answerAll();
        await answers;
        return answer;
      },
    },
    dueMs,
  );
  expect(summary).toMatchObject({ orders: 5, completed: 5, shed: 0 });
  calls.forEach((at, i) => {
    expect(at).toBeGreaterThanOrEqual((dueMs[i] ?? 0) - 5);
  });
});

test('charges a stall to all orders that were due in it', async () => {
  const { client } = stallingClient(0, 300);
  const dueMs = Array.from({ length: 30 }, (_, i) => i * 10);
  const { createAndPlace } = (await run(client, dueMs)).latencyMs;
  expect(createAndPlace.max).toBeGreaterThan(280);
  expect(createAndPlace.p50).toBeGreaterThan(100);
});

test('counts from when the order was due if the generator itself is late', async () => {
  const { client } = stallingClient(0, 0);
  const running = run(client, [0, 20, 40]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const until = performance.now() + 200;
  while (performance.now() < until);
  const { createAndPlace } = (await running).latencyMs;
  expect(createAndPlace.max).toBeGreaterThan(150);
});

test('sheds and counts orders that are due beyond the limit', async () => {
  const { client, calls } = stallingClient(0, 200);
  const summary = await run(client, [0, 10, 20, 30, 40], 2);
  expect(summary).toMatchObject({ orders: 2, shed: 3 });
  expect(calls).toHaveLength(2);
});
