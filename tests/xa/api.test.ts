import { call, createdOrder, createHarness, problemLike, token } from '../api/harness';
import type { ApiHarness } from '../api/harness';

/** What the API shows of branches in doubt, on real databases with its own users. */

let harness: ApiHarness;

beforeAll(async () => {
  harness = await createHarness();
});

afterAll(() => harness.close());

beforeEach(async () => {
  await harness.databases.empty();
  await harness.databases.stock({ 'p-1': { available: 10 } });
});

async function staff(role: string, path: string) {
  const response = await harness.api.request(path, {
    headers: { Authorization: `Bearer ${await token('staff-1', { claims: { role } })}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function branch(orderId: string, endedAs: string | null = null): Promise<void> {
  await harness.databases.point.raw(
    `INSERT INTO xa_branches
       (order_id, gtrid, participant, hash, locked_rows, started_at, ended_at, ended_as)
     VALUES (?, ?, 'point', 'v1:test', '["point_accounts c-1"]',
       CURRENT_TIMESTAMP(6) - INTERVAL 90 SECOND, IF(? IS NULL, NULL, NOW(6)), ?)`,
    [orderId, orderId.replaceAll('-', '').padEnd(64, '0'), endedAs, endedAs],
  );
}

const claimed = { status: 'PLACING', owner: 'place-1', pattern: 'xa' };

it('lists nothing if nothing is in doubt', async () => {
  expect(await staff('viewer', '/operator/in-doubt')).toEqual({
    status: 200,
    body: { branches: [] },
  });
});

it.each(['viewer', 'operator', 'approver'])(
  'lists for a %s each branch with its order, its age and the rows that it locks',
  async (role) => {
    const orderId = await createdOrder(harness.api);
    await harness.setRow(orderId, claimed);
    await branch(orderId);
    const { status, body } = await staff(role, '/operator/in-doubt');
    expect(status).toBe(200);
    const [first] = body['branches'] as { ageMs: number }[];
    expect(first).toEqual({
      orderId,
      service: 'point',
      since: expect.stringMatching(/Z$/) as string,
      ageMs: expect.any(Number) as number,
      state: 'open',
      lockedRows: ['point_accounts c-1'],
    });
    expect(first?.ageMs).toBeGreaterThanOrEqual(90_000);
    expect(first?.ageMs).toBeLessThan(600_000);
  },
);

it('is not for customers', async () => {
  const { status, body } = await call(harness.api, 'GET', '/operator/in-doubt');
  expect({ status, body }).toEqual({ status: 403, body: problemLike('forbidden', 403) });
});

it('lists branches ended against the decision as heuristic, and leaves out ended orders', async () => {
  await branch('o-1', 'heuristic-rollback');
  await branch('o-2', 'committed');
  await branch('o-3', 'rolled-back');
  const { body } = await staff('operator', '/operator/in-doubt');
  expect(body['branches']).toMatchObject([{ orderId: 'o-1', state: 'heuristic' }]);
});

it('distinguishes an order in progress, one that is PENDING and one that does not exist', async () => {
  const onItsWay = await createdOrder(harness.api);
  const waiting = await createdOrder(harness.api);
  await harness.setRow(onItsWay, claimed);
  await harness.setRow(waiting, { ...claimed, status: 'PENDING', decision: 'COMPLETE' });
  for (const orderId of [onItsWay, waiting, 'o-nobody']) await branch(orderId);
  const { body } = await staff('viewer', '/operator/in-doubt');
  const listed = body['branches'] as { orderId: string; state: string }[];
  expect(Object.fromEntries(listed.map(({ orderId, state }) => [orderId, state]))).toEqual({
    [onItsWay]: 'open',
    [waiting]: 'in-doubt',
    'o-nobody': 'in-doubt',
  });
  const stateIn = async (orderId: string) => {
    const { body: order } = await call(harness.api, 'GET', `/orders/${orderId}`);
    return (order['inDoubt'] as { state: string }[]).map(({ state }) => state);
  };
  expect(await stateIn(onItsWay)).toEqual(['open']);
  expect(await stateIn(waiting)).toEqual(['in-doubt']);
});

it('lists the branches without the order service, and reports that it did not answer', async () => {
  await branch('o-1');
  const away = () => Promise.reject(new Error('away'));
  const api = harness.another({ orders: { ...harness.deps.orders, placeable: away } });
  const response = await api.request('/operator/in-doubt', {
    headers: { Authorization: `Bearer ${await token('s-1', { claims: { role: 'viewer' } })}` },
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    branches: [{ orderId: 'o-1', state: 'open' }],
    unavailable: ['order'],
  });
});

it('shows with an order that its branch is in doubt, until the order has ended', async () => {
  const orderId = await createdOrder(harness.api);
  const path = `/orders/${orderId}`;
  expect((await call(harness.api, 'GET', path)).body).not.toHaveProperty('inDoubt');
  await harness.setRow(orderId, claimed);
  await branch(orderId);
  const { body } = await call(harness.api, 'GET', path);
  expect(body['inDoubt']).toEqual([
    {
      service: 'point',
      since: expect.any(String) as string,
      ageMs: expect.any(Number) as number,
      state: 'open',
    },
  ]);
  await harness.setRow(orderId, { status: 'COMPLETED', decision: 'COMPLETE' });
  expect((await call(harness.api, 'GET', path)).body).not.toHaveProperty('inDoubt');
});

it('names the service whose branches cannot be read', async () => {
  const away = () => Promise.reject(new Error('away'));
  const { participants } = harness.deps;
  const without = {
    participants: { ...participants, point: { ...participants.point, branchesInDoubt: away } },
  };
  const response = await harness.another(without).request('/operator/in-doubt', {
    headers: { Authorization: `Bearer ${await token('s-1', { claims: { role: 'viewer' } })}` },
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ branches: [], unavailable: ['point'] });

  const orderId = await createdOrder(harness.api);
  await harness.setRow(orderId, { ...claimed, status: 'PENDING' });
  const path = `/orders/${orderId}`;
  const { body } = await call(harness.another(without), 'GET', path);
  expect(body).toMatchObject({ inDoubtUnavailable: ['point'] });
  expect(body).not.toHaveProperty('inDoubt');
  expect((await call(harness.api, 'GET', path)).body).not.toHaveProperty('inDoubtUnavailable');
});
