import type { OrderEvent } from '../../contracts/events';
import type { ApplicationFailure } from '@temporalio/common';
import { LossyProxy } from '../api/lossy-proxy';
import { expectAtRest } from '../support/audited';
import { ends, createOrder, netEffect, until } from '../support/orders';
import { startRelays, type Relays } from '../support/relays';
import { mysqlServer } from '../support/servers';
import { createWorld, type World } from '../support/world';
import { placeByEvents } from './support';

/** The product service's MySQL refuses connections for a while; the other services continue. */

let proxy: LossyProxy;
let world: World;
let relays: Relays;

beforeAll(async () => {
  proxy = await LossyProxy.start(mysqlServer());
  world = await createWorld(undefined, { product: { ...mysqlServer(), ...proxy.address } });
  relays = startRelays(world);
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
});

afterAll(async () => {
  // Whatever state a test leaves: dropping the databases uses these connections.
  await proxy.listen();
  await relays.end();
  await world.stop();
  await proxy.stop();
});

it('catches up with every event, parks none, and raises no alert', async () => {
  let refused = 0;
  world.faults.productReacts = (run, [events]) =>
    run().catch((error: unknown) => {
      const { length } = events as OrderEvent[];
      if ((error as ApplicationFailure).type === 'unreachable') refused += length;
      throw error;
    });
  await proxy.stop();
  const orders = [];
  for (let i = 0; i < 3; i += 1) orders.push(await createOrder(world));
  for (const order of orders) await placeByEvents(world, order);
  // More often than a removable fault is retried before its event is parked.
  await until('each was tried many times', () => refused > 6 * orders.length);
  const used = await world.databases.point('point_ledger').pluck<number[]>('points');
  expect(used).toEqual([-1, -1, -1]);

  await proxy.listen();
  for (const order of orders) await ends(world, order, 'COMPLETED');
  for (const { orderId } of orders) {
    expect(await netEffect(world, orderId)).toEqual({ stock: -1, points: -1 });
  }
  const inbox = world.databases.product('inbox').select('tries', 'parked_at');
  expect(await inbox).toEqual(orders.map(() => ({ tries: 0, parked_at: null })));
  expect(await world.databases.order('alerts')).toEqual([]);
  await expectAtRest(world);
});
