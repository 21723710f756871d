import { cancelWith, hang } from './fake-workflows';
import { createdOrder, createHarness, problemLike, type ApiHarness } from './harness';
import { cancel, place, prefer, summary } from './placing';
import { until } from '../support/orders';

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness();
});

afterAll(() => harness.close());

beforeEach(async () => {
  await harness.databases.empty();
  await harness.databases.stock({ 'p-1': { available: 100, price: 5 } });
  harness.workflows.reset();
});

describe('POST /orders/{orderId}/cancel', () => {
  test('ends an order that was not placed, and answers a repeat the same', async () => {
    const orderId = await createdOrder(harness.api);
    const answers = [await cancel(harness.api, orderId), await cancel(harness.api, orderId)];
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body).toEqual(
        summary(orderId, {
          status: 'CANCELLED',
          reason: 'cancelled-by-customer',
          pattern: null,
        }),
      );
    }
    const placed = await place(harness.api, orderId);
    expect(placed.status).toBe(409);
    expect(placed.body).toMatchObject({ type: '/problems/cancelled-by-customer' });
    expect(harness.workflows.started).toEqual([]);
  });

  test('of an order that is being placed writes CANCEL and waits for its end', async () => {
    harness.workflows.play = hang;
    const orderId = await createdOrder(harness.api);
    await place(harness.api, orderId, prefer('wait=0'));
    const still = await cancel(harness.api, orderId, prefer('wait=0'));
    expect(still.status).toBe(202);
    expect(still.headers.get('Location')).toBe(`/orders/${orderId}`);
    expect(still.body).toMatchObject({ status: 'PLACING', reason: 'cancelled-by-customer' });
    const waiting = cancel(harness.api, orderId);
    await harness.setRow(orderId, { status: 'CANCELLED', ended_at: new Date() });
    expect((await waiting).status).toBe(200);
    expect((await waiting).body).toMatchObject({ status: 'CANCELLED' });
  });

  test('of an order with an open compensation is accepted', async () => {
    harness.workflows.play = hang;
    const orderId = await createdOrder(harness.api);
    await place(harness.api, orderId, prefer('wait=0'));
    await harness.setRow(orderId, { status: 'PENDING' });
    const { status, body } = await cancel(harness.api, orderId, prefer('wait=0'));
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'PENDING', reason: 'cancelled-by-customer' });
    expect(await harness.row(orderId)).toMatchObject({ status: 'PENDING', decision: 'CANCEL' });
  });

  test('of an undecided PENDING order writes CANCEL and waits for its end', async () => {
    harness.workflows.play = hang;
    const orderId = await createdOrder(harness.api);
    await place(harness.api, orderId, prefer('wait=0'));
    await harness.setRow(orderId, { status: 'PENDING' });
    let answered = false;
    const waiting = cancel(harness.api, orderId).finally(() => {
      answered = true;
    });
    await until('the cancel is written', async () => {
      return (await harness.row(orderId))['decision'] === 'CANCEL';
    });
    expect(answered).toBe(false);
    await harness.setRow(orderId, { status: 'CANCELLED', ended_at: new Date() });
    expect((await waiting).status).toBe(200);
  });

  test('of an order that failed before answers how it ended', async () => {
    harness.workflows.play = cancelWith('insufficient-stock');
    const orderId = await createdOrder(harness.api);
    await place(harness.api, orderId);
    const { status, body } = await cancel(harness.api, orderId);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'CANCELLED', reason: 'insufficient-stock' });
  });

  test.each(['COMPLETED', 'PENDING'])('is refused after the decision: %s', async (status) => {
    const orderId = await createdOrder(harness.api);
    await harness.setRow(orderId, { status, decision: 'COMPLETE', pattern: 'saga' });
    const answer = await cancel(harness.api, orderId);
    expect(answer.status).toBe(409);
    expect(answer.body).toEqual(problemLike('already-completed', 409, { orderId }));
    expect(await harness.row(orderId)).toMatchObject({
      status,
      decision: 'COMPLETE',
      reason: null,
    });
  });

  test('during the placing: one of the two wins, and both callers get the same answer', async () => {
    const orderIds = await Promise.all(Array.from({ length: 20 }, () => createdOrder(harness.api)));
    await Promise.all(
      orderIds.map(async (orderId) => {
        const [placed, cancelled] = await Promise.all([
          place(harness.api, orderId, prefer('wait=1')),
          cancel(harness.api, orderId, prefer('wait=1')),
        ]);
        const { status, decision } = await harness.row(orderId);
        const outcome = [placed.status, cancelled.status, status];
        if (decision === 'COMPLETE') expect(outcome).toEqual([200, 409, 'COMPLETED']);
        // The fake workflow does not change an existing decision.
        else if (status === 'PLACING') expect(outcome).toEqual([202, 202, 'PLACING']);
        else expect(outcome).toEqual([409, 200, 'CANCELLED']);
      }),
    );
  });
});
