import { byService } from '../../contracts/participants';
import { readParked } from '../../activities/events/parked-events';
import { audit } from '../../audit/audit';
import { workflowsOf } from '../../audit/workflows';
import { deliveryId, type OrderEvent } from '../../contracts/events';
import { workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import type { ResolutionAction } from '../../contracts/reservations';
import { createReleaser } from '../../workers/wiring/relay';
import { ends, createOrder, netEffect, runOnce, until } from '../support/orders';
import { quiet, startRelays, type Relays } from '../support/relays';
import { createWorld, hurriedTiming, type World } from '../support/world';
import { expectAtRest } from '../support/audited';
import { adoptNow, cancel, placeByEvents } from './support';

/** An order with one parked event and one lost event must still end. */

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
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
});

const notYet = () => Promise.reject(new Error('not yet'));

/** Its points are used, and the product service has parked its event. */
async function placePoison(): Promise<PlacedOrder> {
  const order = await createOrder(world, { lines: { ghost: 1 } });
  await placeByEvents(world, order);
  await ends(world, order, 'PENDING');
  await pointsUsed(order);
  return order;
}

function pointsUsed({ orderId }: PlacedOrder): Promise<void> {
  return until('its points are used', async () => (await netEffect(world, orderId)).points === -1);
}

function resolve({ orderId }: PlacedOrder, action: ResolutionAction): Promise<unknown> {
  const who = { reason: 'the customer called', operator: 'olga', timing: hurriedTiming };
  return runOnce(world, workflowTypes.resolveOrder, { orderId, action, ...who });
}

/** The product's row is back, and an operator releases the event. */
async function mendAndRelease({ orderId }: PlacedOrder): Promise<void> {
  await world.databases.stock({ ghost: { available: 5 } });
  const [parked] = await readParked(world.databases.product, 5_000, `${orderId}:OrderPlaced`);
  if (!parked) throw new Error('Nothing is parked');
  const release = createReleaser(world.client.workflow, hurriedTiming, undefined);
  await release(parked.event, 'product', { by: 'olga', reason: 'mended' });
}

const adopted = () => until('it is adopted', async () => (await adoptNow(world)) === 1);

it.each([
  ['nothing', undefined],
  ['retry', 'retry'],
  ['confirm, which the API refuses', 'confirm'],
] as const)('a delivery is terminated after an operator asked for %s', async (_what, action) => {
  const order = await placePoison();
  if (action) await resolve(order, action);
  const replyId = `${order.orderId}:StockDeducted:OrderPlaced`;
  let tried = 0;
  world.faults.orderReacts = (run, [events]) => {
    if (!(events as OrderEvent[]).some(({ eventId }) => eventId === replyId)) return run();
    tried += 1;
    return notYet();
  };
  await mendAndRelease(order);
  await until('the reply is on its way', () => tried > 0);
  await world.client.workflow.getHandle(deliveryId(replyId, 'order')).terminate('pressed');
  world.clearFaults();
  await adopted();
  await ends(world, order, 'COMPLETED');
  await expectAtRest(world);
});

it('adoption delivers a terminated cancellation while another event is parked', async () => {
  const order = await createOrder(world, { lines: { ghost: 1 } });
  const { orderId } = order;
  let decided = false;
  let tried = 0;
  world.faults.orderReacts = (run) => (decided ? run() : notYet());
  world.faults.pointReacts = (run, [events]) => {
    if (!(events as OrderEvent[]).some(({ type }) => type === 'OrderCancelled')) return run();
    tried += 1;
    return notYet();
  };
  await placeByEvents(world, order);
  await ends(world, order, 'PENDING');
  await pointsUsed(order);
  await cancel(world, order);
  decided = true;
  await until('the refund was tried', () => tried > 0);
  const refund = deliveryId(`${orderId}:OrderCancelled`, 'point');
  await world.client.workflow.getHandle(refund).terminate('pressed');
  world.clearFaults();
  await adopted();
  await ends(world, order, 'CANCELLED');
  expect(await netEffect(world, orderId)).toEqual({ stock: 0, points: 0 });
});

it('the auditor sees an open delivery, even if the owner is an ended resolution', async () => {
  const order = await placePoison();
  await resolve(order, 'retry');
  world.faults.productReacts = notYet;
  await mendAndRelease(order);
  const orders = world.databases.order;
  const noAlert = async () => (await orders('alerts').whereNull('resolved_at')).length === 0;
  await until('no alert is open', noAlert);
  await orders('orders').update({ owned_at: new Date(0) });
  const query = `WorkflowId STARTS_WITH "${order.orderId}:" AND ExecutionStatus = "Running"`;
  await until('the delivery is seen to run', async () => {
    return (await world.client.workflow.count(query)).count > 0;
  });
  const databases = byService((service) => world.databases[service]);
  const deps = { ...databases, ...workflowsOf(world.client) };
  const report = await audit(deps, { graceS: 1, unfinishedSMax: Infinity });
  expect(report.violations).toEqual([]);
  expect(report.inFlight).toEqual([{ orderId: order.orderId, waitsFor: 'workflow' }]);
  world.clearFaults();
  await ends(world, order, 'COMPLETED');
});
