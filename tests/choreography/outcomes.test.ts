import { ends, createOrder, netEffect, stateOf } from '../support/orders';
import { createWorld, type World } from '../support/world';
import { quiet, startRelays, type Relays } from '../support/relays';
import { expectAtRest } from '../support/audited';
import { placeByEvents, saidOf } from './support';

let world: World;
let relays: Relays;

beforeAll(async () => {
  world = await createWorld();
  relays = startRelays(world);
});

afterAll(async () => {
  await relays.end();
  await world.stop();
});

afterEach(() => quiet(world));

beforeEach(async () => {
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 }, rare: { available: 1 } });
  await world.databases.points({ anna: 10_000, poor: 3 });
  world.clearFaults();
});

it('completes an order, takes stock and points once, and every service emits its events', async () => {
  const order = await createOrder(world, { lines: { apple: 2, rare: 1 }, unitPrice: 5 });
  await placeByEvents(world, order);
  await ends(world, order, 'COMPLETED');
  expect(await stateOf(world, order.orderId)).toMatchObject({ decision: 'COMPLETE', reason: null });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -3, points: -15 });
  expect(await saidOf(world, 'product', order)).toEqual(['StockDeducted']);
  expect(await saidOf(world, 'point', order)).toEqual(['PointsUsed']);
  expect(await saidOf(world, 'order', order)).toEqual([
    'OrderCompleted',
    'OrderPlaced',
    'ReplyNoted',
  ]);
  await expectAtRest(world);
});
