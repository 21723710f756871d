import { failures, type FailureCode } from '../../contracts/failures';
import { problemOfFailure } from '../../api/http/problems';
import { cancelWith, hang, idsOf } from './fake-workflows';
import { createdOrder, createHarness, problemLike, type ApiHarness } from './harness';
import { place, prefer, summary } from './placing';

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

describe('POST /orders/{orderId}/place', () => {
  test.each([[undefined], [{}], [{ pattern: 'saga' }]])(
    'completes an order with body %j',
    async (body) => {
      const orderId = await createdOrder(harness.api);
      const answer = await place(harness.api, orderId, { body });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(summary(orderId, { status: 'COMPLETED' }));
      const [started] = harness.workflows.started;
      expect(started?.input).toEqual({
        orders: [
          {
            orderId,
            customerId: 'c-1',
            lines: [{ productId: 'p-1', quantity: 1, unitPrice: 5 }],
            total: 5,
          },
        ],
        timing: harness.deps.timing,
      });
      expect(await harness.row(orderId)).toMatchObject({
        owner: started?.workflowId,
        pattern: 'saga',
      });
    },
  );

  test.each(Object.keys(failures) as FailureCode[])(
    'answers 409 with its type if the order fails as %s, and a repeat the same',
    async (reason) => {
      harness.workflows.play = cancelWith(reason);
      const orderId = await createdOrder(harness.api);
      const answers = [await place(harness.api, orderId), await place(harness.api, orderId)];
      for (const { status, body } of answers) {
        expect(status).toBe(409);
        expect(body).toEqual(problemLike(problemOfFailure[reason], 409, { orderId, reason }));
        expect(body['title']).toBe(failures[reason].title);
      }
      expect(harness.workflows.started).toHaveLength(1);
    },
  );

  test('answers a repeat from the row, and starts nothing', async () => {
    const orderId = await createdOrder(harness.api);
    const first = await place(harness.api, orderId);
    const again = await place(harness.api, orderId, { body: { pattern: 'xa' } });
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(harness.workflows.started).toHaveLength(1);
  });

  test('a hundred calls over two APIs make one claim, one workflow and one answer', async () => {
    const other = harness.another();
    const orderIds = await Promise.all([1, 2, 3].map(() => createdOrder(harness.api)));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        place(i % 2 === 0 ? harness.api : other, orderIds[i % 3] ?? '', {}),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(harness.workflows.orderIds().sort()).toEqual([...orderIds].sort());
  });

  test('a hundred concurrent orders share a few workflows, each in exactly one', async () => {
    const orderIds = await Promise.all(
      Array.from({ length: 100 }, () => createdOrder(harness.api)),
    );
    const answers = await Promise.all(orderIds.map((orderId) => place(harness.api, orderId)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers.map(({ body }) => body['orderId'])).toEqual(orderIds);
    expect(harness.workflows.orderIds().sort()).toEqual([...orderIds].sort());
    expect(harness.workflows.started.length).toBeLessThan(50);
  });

  test('waits for an order that another process drives', async () => {
    const orderId = await createdOrder(harness.api);
    await harness.deps.intake.claimOrders([orderId], 'place-elsewhere', 'saga');
    const answer = place(harness.api, orderId);
    const later = await place(harness.api, orderId, prefer('wait=0'));
    expect(later.status).toBe(202);
    await harness.setRow(orderId, {
      status: 'COMPLETED',
      decision: 'COMPLETE',
      ended_at: new Date(),
    });
    await expect(answer).resolves.toMatchObject({ status: 200, body: { status: 'COMPLETED' } });
    expect(harness.workflows.started).toEqual([]);
  });

  test('waits for an order whose API died between claim and start, without another claim', async () => {
    const orderId = await createdOrder(harness.api);
    await harness.deps.intake.claimOrders([orderId], 'place-never-started', 'saga');
    const waiting = place(harness.api, orderId);
    // Like adoption: another owner drives it to its end.
    await harness.setRow(orderId, { owner: 'adopt-1' });
    await harness.setRow(orderId, {
      status: 'COMPLETED',
      decision: 'COMPLETE',
      ended_at: new Date(),
    });
    expect((await waiting).status).toBe(200);
    expect(harness.workflows.started).toEqual([]);
    expect(await harness.row(orderId)).toMatchObject({ owner: 'adopt-1' });
  });
});

describe('an order that has not ended', () => {
  beforeEach(() => {
    harness.workflows.play = hang;
  });

  test.each([
    ['wait=0', 'wait=0'],
    ['respond-async', 'respond-async'],
    ['wait=1', 'wait=1'],
  ])('is answered 202 after %s, and is claimed', async (header, applied) => {
    const orderId = await createdOrder(harness.api);
    const { status, headers, body } = await place(harness.api, orderId, prefer(header));
    expect(status).toBe(202);
    expect(headers.get('Location')).toBe(`/orders/${orderId}`);
    expect(headers.get('Preference-Applied')).toBe(applied);
    expect(body).toEqual(summary(orderId, { status: 'PLACING', endedAt: null }));
    expect(await harness.row(orderId)).toMatchObject({ status: 'PLACING', pattern: 'saga' });
  });

  test('and is PENDING is answered 202 at once, also for a repeat', async () => {
    harness.workflows.play = async ({ input }, database) => {
      await database('orders').whereIn('order_id', idsOf(input)).update({ status: 'PENDING' });
    };
    const orderId = await createdOrder(harness.api);
    const answers = [await place(harness.api, orderId), await place(harness.api, orderId)];
    for (const { status, headers, body } of answers) {
      expect(status).toBe(202);
      expect(headers.get('Location')).toBe(`/orders/${orderId}`);
      expect(body).toEqual(summary(orderId, { status: 'PENDING', endedAt: null }));
    }
  });

  test('that waits too long for its claim is withdrawn: 503, and nothing was done', async () => {
    const api = harness.another({
      patterns: { saga: { start: harness.workflows.start, dispatch: { inFlightMax: 1 } } },
      wait: { admissionMsMax: 100 },
    });
    const [first, second] = [await createdOrder(api), await createdOrder(api)];
    expect((await place(api, first, prefer('wait=0'))).status).toBe(202);
    const { status, headers, body } = await place(api, second, prefer('wait=0'));
    expect(status).toBe(503);
    expect(headers.get('Retry-After')).toBe('1');
    expect(body).toEqual(problemLike('overloaded', 503));
    expect(await harness.row(second)).toMatchObject({ status: 'CREATED', owner: null });
    harness.workflows.reset();
    expect((await place(api, second)).status).toBe(200);
    expect(harness.workflows.orderIds()).toEqual([second]);
  });

  test('beyond the queue’s limit is refused, and the earlier ones are not', async () => {
    const dispatch = { inFlightMax: 1, backlogMax: 1 };
    const api = harness.another({
      patterns: { saga: { start: harness.workflows.start, dispatch } },
    });
    const first = await createdOrder(api);
    const others = [await createdOrder(api), await createdOrder(api)];
    expect((await place(api, first, prefer('wait=0'))).status).toBe(202);
    // Either may come first; the later one is refused.
    const calls = others.map(async (id) => ({ id, answer: await place(api, id) }));
    const turnedAway = await Promise.race(calls);
    expect(turnedAway.answer.body).toEqual(problemLike('overloaded', 503));
    expect(await harness.row(turnedAway.id)).toMatchObject({ status: 'CREATED', owner: null });
    harness.workflows.reset();
    const statuses = (await Promise.all(calls)).map(({ answer }) => answer.status);
    expect(statuses.sort()).toEqual([200, 503]);
  });
});
