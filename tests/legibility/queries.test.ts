import { randomUUID } from 'node:crypto';
import { createTemporalResolver } from '../../api/placing/temporal';
import { deliveryId } from '../../contracts/events';
import { workflowTypes } from '../../contracts/names';
import { recoveries } from '../../contracts/recovery';
import { patterns } from '../../contracts/order';
import type { AdoptInput, AgedInput, DrainInput, ScanInput } from '../../contracts/workflows';
import { placeByEvents } from '../choreography/support';
import { claim, createOrder, startRun, startOrders, stateOf, until } from '../support/orders';
import { startRelays, type Relays } from '../support/relays';
import { documentedQueries, placedByApi, startedByApi } from '../support/ui';
import { createWorld, hurriedTiming, type World } from '../support/world';
import { away } from '../tcc/pending';
import { alertsOf, dies, rollBackAll } from '../xa/branches';

/** Runs each query of docs/temporal-ui.md on a server with workflows of every kind. */

let world: World;
let relays: Relays;

beforeAll(async () => {
  world = await createWorld();
  relays = startRelays(world);
  await world.databases.stock({ apple: { available: 1_000 } });
  await world.databases.points({ anna: 10_000 });
  await placeOfEachPattern();
  await placeByDeliveries();
  await placeTogether();
  await adoptOne();
  await giveUpOne();
  Object.assign(world.faults, { confirmStock: away, restoreStock: away, rollbackStock: away });
  await runSchedules();
  world.clearFaults();
  await leaveInDoubt();
  await resolveOne();
  await leaveWaiting();
}, 120_000);

afterAll(async () => {
  world.clearFaults();
  for (const name of ['xa in doubt', 'delivery waiting point']) {
    await world.client.workflow.getHandle(ids.get(name) ?? '').result();
  }
  await rollBackAll(world);
  await relays.end();
  await world.stop();
});

const queries = documentedQueries();
const tooDear = { lines: { apple: 3 }, unitPrice: 1_000_000 };
const broken = { lines: { ghost: 1 } };

/** Every workflow of this test, by this test's name for it. */
const ids = new Map<string, string>();
/** The two orders that were placed by deliveries. */
let parkedId = '';
let deliveredId = '';

/** The ones that a query finds. */
async function foundBy(query: string): Promise<string[]> {
  const there = new Set<string>();
  for await (const { workflowId } of world.client.workflow.list({ query })) there.add(workflowId);
  return [...ids].flatMap(([name, id]) => (there.has(id) ? [name] : [])).sort();
}

async function placeOfEachPattern(): Promise<void> {
  for (const pattern of patterns) {
    const note = async (what: string, sketch: object) => {
      const { handle } = await placedByApi(world, pattern, sketch);
      ids.set(`${pattern} ${what}`, handle.workflowId);
    };
    await note('completed', {});
    await note('refused', tooDear);
    await note('held', broken);
  }
  const { handle } = await placedByApi(world, 'saga', {}, {});
  ids.set('saga batch', handle.workflowId);
}

/** Placed like the API does, by events alone; one is parked, the other ends. */
async function placeByDeliveries(): Promise<void> {
  const parked = await createOrder(world, broken);
  const fine = await createOrder(world);
  await placeByEvents(world, parked);
  await until('the one is parked', async () => {
    return (await alertsOf(world, parked.orderId)).includes('event-parked');
  });
  await placeByEvents(world, fine);
  await until('the other has ended', async () => {
    return (await stateOf(world, fine.orderId)).status === 'COMPLETED';
  });
  for (const [name, orderId] of [
    ['parked', parked.orderId],
    ['fine', fine.orderId],
  ] as const) {
    for (const subscriber of ['product', 'point'] as const) {
      ids.set(`delivery ${name} ${subscriber}`, deliveryId(`${orderId}:OrderPlaced`, subscriber));
    }
  }
  [parkedId, deliveredId] = [parked.orderId, fine.orderId];
}

/** Two orders whose first events are unsent together. */
async function placeTogether(): Promise<void> {
  await relays.stop('order');
  const orders = [await createOrder(world), await createOrder(world)];
  for (const order of orders) await placeByEvents(world, order);
  relays.start('order');
  for (const { orderId } of orders) {
    await until('it has ended', async () => {
      return (await stateOf(world, orderId)).status === 'COMPLETED';
    });
  }
  const shared = await world.databases.order('outbox').whereRaw('delivery <> event_id').first();
  const delivery = shared?.delivery ?? '';
  for (const subscriber of ['product', 'point'] as const) {
    ids.set(`delivery shared ${subscriber}`, deliveryId(delivery, subscriber));
  }
}

/** Its points step is retried until the workflow gives up. */
async function giveUpOne(): Promise<void> {
  world.faults.usePoints = away;
  const impatient = { ...hurriedTiming, actionMsMax: 600 };
  const { handle, closed } = await startedByApi(
    world,
    'saga',
    [await createOrder(world)],
    impatient,
  );
  ids.set('saga given up', handle.workflowId);
  await closed;
  delete world.faults.usePoints;
}

/** One run of each kind of recovery with trouble, and one without. */
async function runSchedules(): Promise<void> {
  const aged: AgedInput = { timing: hurriedTiming, olderThanMs: 0, limit: 20 };
  const scan: ScanInput = { ...aged, cancelAfterMs: 0 };
  const drain: DrainInput = { timing: hurriedTiming, limit: 20 };
  const run = async (name: string, type: string, input: unknown) => {
    const handle = await startRun(world, type, input);
    ids.set(name, handle.workflowId);
    await handle.result();
  };
  const both = async (type: keyof typeof workflowTypes, input: object) => {
    const nothing = { ...input, limit: 0 };
    await run(`${type} failed`, workflowTypes[type], input);
    await run(`${type} fine`, workflowTypes[type], nothing);
  };
  const unconfirmed = await placedByApi(world, 'tcc', {});
  ids.set('tcc unconfirmed', unconfirmed.handle.workflowId);
  await both('forceConfirmations', aged);
  await both('sweepReservations', aged);
  const owed = await placedByApi(world, 'saga', tooDear);
  ids.set('saga owed', owed.handle.workflowId);
  await world.databases.order('compensations').update({ next_retry_at: new Date(0) });
  await both('drainCompensations', drain);
  const gate = dies(world, 'decideOrders', 'before');
  const left = await startOrders(world, 'xa', [await createOrder(world)]);
  await gate.reached;
  await left.terminate();
  delete world.faults.decideOrders;
  gate.open();
  await both('scanBranches', scan);
}

async function adoptOne(): Promise<void> {
  const order = await createOrder(world);
  await claim(world, [order], 'tcc');
  const input: AdoptInput = { timing: hurriedTiming, olderThanMs: 0, limit: 50 };
  // Named like a look names the run; the id begins like an adopted order's owner.
  const runId = recoveries.adoption.workflowId;
  const adopting = await startRun(world, workflowTypes.adoptOrders, input, runId);
  ids.set('adoption', adopting.workflowId);
  await adopting.result();
  const { owner } = await stateOf(world, order.orderId);
  ids.set('adopted', owner ?? '');
  await world.client.workflow.getHandle(owner ?? '').result();
}

/** A delivery that is retried throughout the tests. */
async function leaveWaiting(): Promise<void> {
  world.faults.pointReacts = away;
  const order = await createOrder(world);
  await placeByEvents(world, order);
  const workflowId = deliveryId(`${order.orderId}:OrderPlaced`, 'point');
  ids.set('delivery waiting point', workflowId);
  await until('it is on its way', async () => {
    return (await world.client.workflow.count(`WorkflowId = "${workflowId}"`)).count === 1;
  });
}

/** Its workflow runs throughout the tests. */
async function leaveInDoubt(): Promise<void> {
  // A branch that the scan has left holds the apples.
  await rollBackAll(world);
  const order = await createOrder(world);
  world.faults.commitPoints = away;
  const { handle } = await startedByApi(world, 'xa', [order]);
  ids.set('xa in doubt', handle.workflowId);
  await until('it is in doubt', async () => {
    return (await alertsOf(world, order.orderId)).includes('branch-in-doubt');
  });
}

async function resolveOne(): Promise<void> {
  const { orderId } = await placedByApi(world, 'saga', broken);
  const workflowId = `resolve-${randomUUID()}`;
  const request = { orderId, action: 'retry', reason: 'mended', operator: 'olga' } as const;
  const resolve = createTemporalResolver(world.client, { timing: hurriedTiming });
  await resolve.run(workflowId, 'saga', request);
  ids.set('resolution', workflowId);
  ids.set('resolution drive', `${workflowId}-drive`);
}

const each = (what: string) => patterns.map((pattern) => `${pattern} ${what}`);
const held = [...each('held'), 'tcc unconfirmed', 'saga owed', 'resolution', 'resolution drive'];

/** The workflows that each documented query must find. */
const expected: Record<string, string[]> = {
  'left for recovery or an operator': held,
  'met trouble': [...held, 'xa in doubt', 'saga given up'],
  'in trouble now': ['xa in doubt'],
  'under way for too long': ['xa in doubt'],
  'refused or cancelled': [...each('refused'), 'saga given up'],
  'cancelled after trouble': ['saga given up'],
  'larger batches': ['saga batch'],
  "one order's workflow": ['saga held'],
  "an order's own deliveries": ['delivery fine product', 'delivery fine point'],
  'deliveries of several events': ['delivery shared product', 'delivery shared point'],
  "an order's own parked deliveries": [],
  'parked deliveries': ['delivery parked product'],
  'deliveries that wait': ['delivery waiting point'],
  'adopted, and how': ['adopted'],
  "operators' resolutions": ['resolution'],
  'drains that failed': ['drainCompensations failed'],
  'scans with failures': ['scanBranches failed'],
  'forced confirmations that failed': ['forceConfirmations failed'],
  'sweeps that had to hold': ['sweepReservations failed'],
  'stuck on its own code': [],
};

it('the test tries every documented query', () => {
  expect([...queries.keys()].sort()).toEqual(Object.keys(expected).sort());
});

it.each([...queries])('%s', async (words, documented) => {
  const anHourOn = new Date(Date.now() + 3_600_000).toISOString();
  const query = documented
    .replace('<owner>', ids.get('saga held') ?? '')
    .replace('<orderId>', deliveredId)
    .replace('<time>', anHourOn)
    .replace(/OrderBatchSize > 100$/, 'OrderBatchSize > 1');
  const wanted = expected[words] && [...expected[words]].sort();
  let found: string[] | undefined;
  // The server finds a closed workflow a moment later.
  await until('it finds them', async () => {
    found = await foundBy(query);
    return String(found) === String(wanted);
  }).catch(() => undefined);
  expect(found).toEqual(wanted);
});

it('finds an order’s parked events by the order’s id, whatever its owner', async () => {
  const query =
    queries.get("an order's own parked deliveries")?.replace('<orderId>', parkedId) ?? '';
  expect(await foundBy(query)).toEqual(['delivery parked product']);
});
