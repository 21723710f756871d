import type { Api } from '../../api/app';
import { createReleaser } from '../../workers/wiring/relay';
import { token } from '../api/harness';
import { apiOf } from '../support/world-api';
import { ends, createOrder, netEffect, stateOf, until } from '../support/orders';
import { createWorld, hurriedTiming, type World } from '../support/world';
import { quiet, startRelays, type Relays } from '../support/relays';
import { auditOf, expectAtRest } from '../support/audited';
import { adoptNow, cancel, placeByEvents } from './support';

let world: World;
let relays: Relays;
let api: Api;
let close: () => Promise<void>;
/** Whether the reply to a release is lost, although its delivery has started. */
let losesReleases = false;

beforeAll(async () => {
  world = await createWorld();
  relays = startRelays(world);
  const start = createReleaser(world.client.workflow, hurriedTiming, undefined);
  const releaseEvent: typeof start = async (...args) => {
    await start(...args);
    if (losesReleases) throw new Error('the answer is lost');
  };
  ({ api, close } = apiOf(world, { releaseEvent }));
});

afterAll(async () => {
  await close();
  await relays.end();
  await world.stop();
});

afterEach(() => quiet(world));

beforeEach(async () => {
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
  world.clearFaults();
  losesReleases = false;
});

interface Who {
  as: string;
  role: string;
}

const operator: Who = { as: 'olga', role: 'operator' };

async function call({ as, role }: Who, method: string, path: string, body?: object) {
  const response = await api.request(path, {
    method,
    headers: {
      Authorization: `Bearer ${await token(as, { claims: { role } })}`,
      'Content-Type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { events?: Record<string, unknown>[] };
  return { status: response.status, body: answer };
}

const parked = async () => {
  const { status, body } = await call(operator, 'GET', '/operator/events?parked');
  expect(status).toBe(200);
  return body.events ?? [];
};

const release = (eventId: string, who = operator) =>
  call(who, 'POST', `/operator/events/${eventId}/release`, { reason: 'the product is back' });

/** An order whose product no longer has a row: its event cannot be handled. */
async function placePoison() {
  const order = await createOrder(world, { lines: { ghost: 1 } });
  await placeByEvents(world, order);
  await ends(world, order, 'PENDING');
  return order;
}

it('parks an event that cannot be handled, with an alert, and delivers it once released', async () => {
  const poison = await placePoison();
  const others = [];
  for (let i = 0; i < 3; i += 1) others.push(await createOrder(world));
  for (const order of others) await placeByEvents(world, order);
  for (const order of others) await ends(world, order, 'COMPLETED');

  const eventId = `${poison.orderId}:OrderPlaced`;
  const seen = { eventId, subscriber: 'product', reaction: 'deductStock', tries: 1 };
  expect(await parked()).toMatchObject([{ ...seen, error: 'broken: unknown-product' }]);
  const alerts = await world.databases.order('alerts').select('kind', 'detail', 'resolved_at');
  const detail = `${eventId} at product: broken: unknown-product`;
  expect(alerts).toEqual([{ kind: 'event-parked', detail, resolved_at: null }]);
  const report = await auditOf(world);
  expect(report.violations).toEqual([]);
  expect(report.inFlight).toEqual([{ orderId: poison.orderId, waitsFor: 'event' }]);

  await world.databases.stock({ ghost: { available: 5 } });
  const answer = await release(eventId);
  expect([answer.status, answer.body]).toMatchObject([202, { events: [{ eventId }] }]);
  await ends(world, poison, 'COMPLETED');
  expect(await netEffect(world, poison.orderId)).toEqual({ stock: -1, points: -1 });
  expect(await world.databases.order('alerts').whereNull('resolved_at')).toEqual([]);
  const row: unknown = await world.databases.product('inbox').where('event_id', eventId).first();
  expect(row).toMatchObject({ released_by: 'olga', release_reason: 'the product is back' });
  expect(await parked()).toEqual([]);
  await expectAtRest(world);
});

it('parks the event again, with its alert, if the cause remains', async () => {
  const poison = await placePoison();
  const eventId = `${poison.orderId}:OrderPlaced`;
  expect((await release(eventId)).status).toBe(202);
  await until('it is parked again', async () => {
    const [one] = await parked();
    return one?.['tries'] === 1 && (await releasedBy(eventId)) === 'olga';
  });
  await until('the alert is open', async () => {
    return (await world.databases.order('alerts').whereNull('resolved_at')).length === 1;
  });
  expect(await stateOf(world, poison.orderId)).toMatchObject({ status: 'PENDING' });
});

it('does not deny a release that may have begun', async () => {
  const poison = await placePoison();
  await world.databases.stock({ ghost: { available: 5 } });
  losesReleases = true;
  const { status, body } = await release(`${poison.orderId}:OrderPlaced`);
  expect([status, body]).toMatchObject([503, { type: '/problems/outcome-unknown' }]);
  await ends(world, poison, 'COMPLETED');
});

async function releasedBy(eventId: string) {
  const [row] = await world.databases.product('inbox').where('event_id', eventId);
  return row?.released_by;
}

it('refuses to release an event that is not parked, and any caller but an operator', async () => {
  const poison = await placePoison();
  expect((await release('o-1:OrderPlaced')).status).toBe(404);
  const eventId = `${poison.orderId}:OrderPlaced`;
  for (const role of ['customer', 'viewer', 'approver']) {
    expect((await release(eventId, { as: 'eve', role })).status).toBe(403);
  }
  expect(await releasedBy(eventId)).toBeNull();
});

it('tries a fault that a deployment may remove five times, and then parks', async () => {
  await world.databases.product.raw('RENAME TABLE stock_ledger TO stock_ledger_away');
  const order = await createOrder(world);
  await placeByEvents(world, order);
  // A deployment fault is retried slowly; the row counts the tries.
  const tries = () => world.databases.product('inbox').first('tries', 'parked_at');
  await until('it was tried', async () => ((await tries())?.tries ?? 0) >= 1);
  expect(await tries()).toMatchObject({ parked_at: null });
  await world.databases.product('inbox').update({ tries: 4 });
  await ends(world, order, 'PENDING');
  expect(await tries()).toMatchObject({ tries: 5 });
  await world.databases.product.raw('RENAME TABLE stock_ledger_away TO stock_ledger');
  expect((await release(`${order.orderId}:OrderPlaced`)).status).toBe(202);
  await ends(world, order, 'COMPLETED');
  await expectAtRest(world);
});

it('ends the order by its customer’s cancel, while the event stays parked', async () => {
  const poison = await placePoison();
  await until('the points are used', async () => {
    return (await netEffect(world, poison.orderId)).points === -1;
  });
  // Adoption leaves it to an operator.
  expect(await adoptNow(world)).toBe(0);
  expect(await cancel(world, poison)).toBe('cancelling');
  // Temporal lists open deliveries with a delay.
  await until('it is adopted', async () => (await adoptNow(world)) === 1);
  await ends(world, poison, 'CANCELLED');
  expect(await netEffect(world, poison.orderId)).toEqual({ stock: 0, points: 0 });
  await expectAtRest(world);
  // A later release finds the tombstone.
  await world.databases.stock({ ghost: { available: 5 } });
  expect((await release(`${poison.orderId}:OrderPlaced`)).status).toBe(202);
  await until('it is parked no more', async () => (await parked()).length === 0);
  expect(await netEffect(world, poison.orderId)).toEqual({ stock: 0, points: 0 });
  await expectAtRest(world);
});
