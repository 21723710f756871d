import { Client } from '@temporalio/client';
import { openTemporal } from '../../api/placing/temporal-connection';
import { readConfig } from '../../workers/wiring/config';
import { patternsOn, patternSettings } from '../../workers/wiring/patterns';
import { call, createdOrder, createHarness, type ApiHarness } from '../api/harness';

/** The API starts no workflow: an order is placed once its event is written. */

let harness: ApiHarness;
const connection = openTemporal('127.0.0.1:1');

beforeAll(async () => {
  const config = readConfig(patternSettings, {});
  const { choreography } = patternsOn(new Client({ connection }), config);
  if (!choreography) throw new Error('Choreography is not offered');
  harness = await createHarness({ patterns: { choreography }, defaultPattern: 'choreography' });
  await harness.databases.stock({ 'p-1': { available: 5 } });
});

afterAll(async () => {
  await harness.close();
  await connection.close();
});

it('answers 202 at once while Temporal is down, with the event written', async () => {
  const orderId = await createdOrder(harness.api);
  const { status, headers, body } = await call(harness.api, 'POST', `/orders/${orderId}/place`, {
    headers: { Prefer: 'wait=20' },
    body: {},
  });
  expect([status, headers.get('location')]).toEqual([202, `/orders/${orderId}`]);
  expect(body).toMatchObject({ status: 'PLACING', pattern: 'choreography' });
  expect(await harness.databases.order('outbox').select('event_id', 'sent_at')).toEqual([
    { event_id: `${orderId}:OrderPlaced`, sent_at: null },
  ]);
  const again = await call(harness.api, 'POST', `/orders/${orderId}/place`, { body: {} });
  expect(again.status).toBe(202);
  expect(await harness.databases.order('outbox')).toHaveLength(1);
});

it('takes many orders in one claim, each with its event', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, () => createdOrder(harness.api)));
  const placed = await Promise.all(
    ids.map((id) => call(harness.api, 'POST', `/orders/${id}/place`, { body: {} })),
  );
  expect(placed.map(({ status }) => status)).toEqual(ids.map(() => 202));
  const said = await harness.databases.order('outbox').whereIn('order_id', ids).pluck('order_id');
  expect(said.sort()).toEqual([...ids].sort());
});
