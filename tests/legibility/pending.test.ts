import { deliveryId } from '../../contracts/events';
import { placeByEvents } from '../choreography/support';
import { createOrder, Gate, stateOf, until } from '../support/orders';
import { startRelays, type Relays } from '../support/relays';
import {
  attributesOf,
  detailsOf,
  linkTo,
  placedByApi,
  runbooksUrl,
  startedByApi,
  staticSummaryOf,
} from '../support/ui';
import { createWorld, hurriedTiming, type World } from '../support/world';
import { alertsOf, endByHand, rollBackAll } from '../xa/branches';

/** Each pattern's own ways to leave an order PENDING, as an operator reads them. */

let world: World;
let relays: Relays;

beforeAll(async () => {
  world = await createWorld();
  relays = startRelays(world, hurriedTiming, { runbooksUrl });
});

afterAll(async () => {
  await relays.end();
  await world.stop();
});

beforeEach(async () => {
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
});

afterEach(async () => {
  world.clearFaults();
  await rollBackAll(world);
});

const away = () => Promise.reject(new Error('the participant is away'));
const tooDear = { lines: { apple: 3 }, unitPrice: 1_000_000 };
const told = (orderId: string, kind: string) =>
  until(`an alert is raised: ${kind}`, async () => (await alertsOf(world, orderId)).includes(kind));

describe('xa', () => {
  it('shows for a branch in doubt which step fails, why, and what to do', async () => {
    world.faults.commitPoints = away;
    const order = await createOrder(world);
    const { handle, closed } = await startedByApi(world, 'xa', [order]);
    await told(order.orderId, 'branch-in-doubt');
    const words =
      'PENDING: a branch cannot be ended; it is retried indefinitely: ' +
      'commitPoints: the participant is away';
    await until('the details say so', async () => (await detailsOf(handle)).includes(words));
    const details = await detailsOf(handle);
    expect(details).toContain('commitStock: committed; commitPoints: asked');
    expect(details).toContain(`**What to do**: ${linkTo('branch-in-doubt')}`);
    expect(await attributesOf(handle.workflowId, world.client)).toEqual(['xa', 1, 'PLACING', true]);

    world.clearFaults();
    await closed;
    expect(await detailsOf(handle)).toContain(`| ${order.orderId} | completed`);
    expect(await attributesOf(handle.workflowId, world.client)).toEqual([
      'xa',
      1,
      'COMPLETED',
      true,
    ]);
  });

  it('shows for a branch that was ended by hand which, how, and what to do', async () => {
    world.faults.decideOrders = async (run) => {
      await endByHand(world, 'point', 'ROLLBACK');
      return run();
    };
    const order = await createOrder(world);
    const { handle } = await startedByApi(world, 'xa', [order]);
    await told(order.orderId, 'heuristic-outcome');
    const words =
      'PENDING: a branch was ended by hand: commitPoints: the branch was rolled-back by somebody else';
    await until('the details say so', async () => (await detailsOf(handle)).includes(words));
    expect(await detailsOf(handle)).toContain(`**What to do**: ${linkTo('heuristic-outcome')}`);
    expect(await attributesOf(handle.workflowId, world.client)).toEqual(['xa', 1, 'PLACING', true]);
    await handle.terminate();
  });
});

describe('tcc', () => {
  it.each([
    [
      'a confirmation',
      'confirmStock',
      {},
      'PENDING: a confirmation keeps failing; recovery retries it: ' +
        'confirmStock: the participant is away',
      'confirmStock: failed (the participant is away); confirmPoints: done',
      'confirmation-failing',
    ],
    [
      'a cancellation',
      'cancelStock',
      tooDear,
      'PENDING: a cancellation keeps failing; adoption retries it: ' +
        'cancelStock: the participant is away',
      'cancelStock: failed (the participant is away); cancelPoints: done',
      'cancellation-failing',
    ],
  ] as const)(
    '%s that keeps failing: which step, why, who goes on, and what to do',
    async (_what, step, sketch, words, steps, runbook) => {
      world.faults[step] = away;
      const { orderId, handle } = await placedByApi(world, 'tcc', sketch);
      const details = await detailsOf(handle);
      expect(details).toContain(`| ${orderId} | ${words} |`);
      expect(details).toContain(steps);
      expect(details).toContain(`**What to do**: ${linkTo(runbook)}`);
      expect(await attributesOf(handle.workflowId, world.client)).toEqual([
        'tcc',
        1,
        'PENDING',
        true,
      ]);
    },
  );
});

describe('choreography', () => {
  const deliveryOf = (orderId: string, subscriber: 'product' | 'point') =>
    world.client.workflow.getHandle(deliveryId(`${orderId}:OrderPlaced`, subscriber));

  it('shows for a delivery that it runs, and then what the service emitted', async () => {
    const gate = new Gate();
    world.faults.productReacts = async (run) => {
      await gate.pass();
      return run();
    };
    const order = await createOrder(world);
    await placeByEvents(world, order);
    await gate.reached;
    const handle = deliveryOf(order.orderId, 'product');
    const details = await detailsOf(handle);
    gate.open();
    const what = `**OrderPlaced** of order ${order.orderId} to the product service`;
    expect(details).toBe(
      `${what}: being delivered. If this lasts, the pending activity says why; ` +
        linkTo('step-failing'),
    );
    await handle.result();
    expect(await detailsOf(handle)).toBe(
      `${what}: delivered; the service emitted ${order.orderId}:StockDeducted:OrderPlaced`,
    );
    expect(await staticSummaryOf(handle)).toBe(
      `choreography: OrderPlaced of order ${order.orderId} to product`,
    );
    expect(await attributesOf(handle.workflowId, world.client)).toEqual([
      'choreography',
      undefined,
      undefined,
      false,
    ]);
    await until('the order has ended', async () => {
      return (await stateOf(world, order.orderId)).status === 'COMPLETED';
    });
  });

  it('shows for a parked delivery why, and what to do', async () => {
    const order = await createOrder(world, { lines: { ghost: 1 } });
    await placeByEvents(world, order);
    await told(order.orderId, 'event-parked');
    const handle = deliveryOf(order.orderId, 'product');
    await handle.result();
    expect(await detailsOf(handle)).toBe(
      [
        `**OrderPlaced** of order ${order.orderId} to the product service: **parked**`,
        '',
        `**What to do**: ${linkTo('event-parked')}`,
        '',
        '| event | why |',
        '| --- | --- |',
        `| ${order.orderId}:OrderPlaced | broken: unknown-product |`,
      ].join('\n'),
    );
    expect(await attributesOf(handle.workflowId, world.client)).toEqual([
      'choreography',
      undefined,
      undefined,
      true,
    ]);
  });
});
