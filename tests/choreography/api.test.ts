import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { PatternRunner } from '../../api/dependencies';
import { openTemporal } from '../../api/placing/temporal-connection';
import { readConfig } from '../../workers/wiring/config';
import { patternsOn, patternSettings } from '../../workers/wiring/patterns';
import { call, createdOrder, createHarness, type ApiHarness } from '../api/harness';

/** The API starts no workflow: an order is placed once its event is written. */

let harness: ApiHarness;
let choreography: PatternRunner;
const connection = openTemporal('127.0.0.1:1');

beforeAll(async () => {
  const config = readConfig(patternSettings, {});
  const offered = patternsOn(new Client({ connection }), config).choreography;
  if (!offered) throw new Error('Choreography is not offered');
  choreography = offered;
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

describe('while two claims count as under way', () => {
  const place = (api: ApiHarness['api'], orderId: string) =>
    call(api, 'POST', `/orders/${orderId}/place`, { body: {} });
  const row = async (orderId: string) =>
    (await harness.databases.order('orders').where('order_id', orderId).first('status'))?.status;

  it('others wait until one of those orders has ended, and share a claim', async () => {
    const patient = { ...choreography, dispatch: { ...choreography.dispatch, staleMs: 60_000 } };
    const api = harness.another({
      patterns: { choreography: patient },
      defaultPattern: 'choreography',
    });
    const ids = await Promise.all(Array.from({ length: 7 }, () => createdOrder(api)));
    const [first = '', second = '', ...others] = ids;
    for (const orderId of [first, second]) expect((await place(api, orderId)).status).toBe(202);
    const placing = Promise.all(others.map((orderId) => place(api, orderId)));
    await sleep(200);
    expect(await Promise.all(others.map(row))).toEqual(others.map(() => 'CREATED'));
    await harness.databases
      .order('orders')
      .where('order_id', second)
      .update({ status: 'COMPLETED', decision: 'COMPLETE', ended_at: new Date() });
    expect((await placing).map(({ status }) => status)).toEqual(others.map(() => 202));
    const emitted = harness.databases.order('outbox').whereIn('order_id', others);
    const writtenAt = await emitted.pluck<Date[]>('created_at');
    expect(new Set(writtenAt.map((at) => at.getTime())).size).toBe(1);
  });

  it('others wait for half a second at most, for a participant may be away', async () => {
    const ids = await Promise.all(Array.from({ length: 4 }, () => createdOrder(harness.api)));
    for (const orderId of ids) expect((await place(harness.api, orderId)).status).toBe(202);
    expect(choreography.dispatch?.staleMs).toBe(500);
  });
});
