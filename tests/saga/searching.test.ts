import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { encodeSearchAttributeIndexedValueType as encode } from '@temporalio/common/lib/search-attributes';
import { Worker } from '@temporalio/worker';
import { createTemporalStarter } from '../../api/temporal';
import { initialAttributes, searchAttributes } from '../../contracts/labels';
import { taskQueues, workflowTypes } from '../../contracts/names';
import type { PlacedOrder } from '../../contracts/order';
import { ensureSearchAttributes } from '../../workers/search-attributes';
import { SearchAttributesMissing } from '../../workers/search-attributes';
import { workflowBundle } from '../../workers/bundle';
import { claim, createOrder, startSaga, stateOf, until } from '../support/orders';
import { createNamespace, createWorld, hurriedTiming, type World } from '../support/world';

/** What an operator searches for, and reads in lists and timelines, asked of the server itself. */

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.stop());

beforeEach(async () => {
  world.clearFaults();
  await world.databases.empty();
  await world.databases.stock({ apple: { available: 1_000 }, rare: { available: 1 } });
  await world.databases.points({ anna: 10_000 });
});

const refused = { lines: { rare: 2 } };
const broken = { lines: { ghost: 1 } };

/** Places these orders as the API does, and answers the workflow, which has closed. */
async function placed(...sketches: Parameters<typeof createOrder>[1][]) {
  const orders: PlacedOrder[] = [];
  for (const sketch of sketches) orders.push(await createOrder(world, sketch));
  const workflowId = await claim(world, orders);
  const start = createTemporalStarter(world.client, {
    pattern: 'saga',
    workflowType: workflowTypes.placeOrders,
    taskQueue: taskQueues.workflow,
  });
  await (
    await start(workflowId, { orders, timing: hurriedTiming })
  ).closed;
  return { orders, handle: world.client.workflow.getHandle(workflowId) };
}

async function attributesOf(workflowId: string, client = world.client) {
  const { typedSearchAttributes: told } = await client.workflow.getHandle(workflowId).describe();
  return Object.values(searchAttributes).map((key) => told.get(key));
}

/** The saved queries of the documentation, by the words in front of them. */
function documentedQueries(): Map<string, string> {
  const text = readFileSync(join(__dirname, '..', '..', 'docs', 'temporal-ui.md'), 'utf8');
  const rows = [...text.matchAll(/^\| ([^|`]+?) +\| `([^`]+)` +\|$/gm)];
  return new Map(rows.map(([, words = '', query = '']) => [words, query]));
}

async function foundBy(query: string): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { workflowId } of world.client.workflow.list({ query })) found.add(workflowId);
  return found;
}

it.each([
  ['is completed', [{}, {}], ['saga', 2, 'COMPLETED', false]],
  ['is refused', [{}, refused], ['saga', 2, 'CANCELLED', false]],
  ['is held', [{}, refused, broken], ['saga', 3, 'PENDING', true]],
])('a batch of which the worst %s says so in its attributes', async (_what, sketches, expected) => {
  const { handle } = await placed(...sketches);
  expect(await attributesOf(handle.workflowId)).toEqual(expected);
});

it('the documented queries find what they say, and nothing else', async () => {
  const queries = documentedQueries();
  const fine = await placed({});
  const dear = await placed({ lines: { apple: 2 }, unitPrice: 100_000 });
  const held = await placed({}, broken);
  const { owner } = await stateOf(world, held.orders[0]?.orderId ?? '');
  const expected: Record<string, (typeof fine)[]> = {
    'left for somebody to act': [held],
    'refused or cancelled': [dear],
    'met trouble': [held],
    'larger batches': [held],
    "one order's workflow": [held],
  };
  expect([...queries.keys()]).toEqual(expect.arrayContaining(Object.keys(expected)));
  const all = [fine, dear, held].map(({ handle }) => handle.workflowId);
  for (const [words, query] of queries) {
    const filled = query
      .replace('<owner>', owner ?? '')
      .replace('<time>', '2020-01-01T00:00:00Z')
      .replace(/OrderBatchSize > \d+/, 'OrderBatchSize > 1');
    const ids = () => foundBy(filled).then((found) => all.filter((id) => found.has(id)));
    const wanted = expected[words]?.map(({ handle }) => handle.workflowId);
    // Each is taken by the server, also those that find nothing here.
    if (!wanted) await ids();
    else
      await until(
        `${words} finds ${wanted.join()}`,
        async () => String(await ids()) === String(wanted),
      );
  }
});

it('says in a line what an order is, and of each step for whom it is', async () => {
  const { orders, handle } = await placed({ lines: { apple: 3 }, unitPrice: 2 });
  const description = await handle.describe();
  const orderId = orders[0]?.orderId ?? '';
  expect(await description.staticSummary()).toBe(`saga: order ${orderId} of anna, 3 items for 6`);
  const { events } = await handle.fetchHistory();
  const summaries = (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes, userMetadata }) =>
      activityTaskScheduledEventAttributes && userMetadata?.summary
        ? [defaultPayloadConverter.fromPayload<string>(userMetadata.summary)]
        : [],
  );
  expect(summaries.sort()).toEqual(
    [`order ${orderId}`, `order ${orderId}`, `COMPLETE order ${orderId}`].sort(),
  );

  const batch = await placed({}, {}, {});
  expect(await (await batch.handle.describe()).staticSummary()).toBe('saga: 3 orders');
});

it('shows of a step that is retried which it is, for whom, how often and why', async () => {
  const order = await createOrder(world);
  world.faults.deductStock = () => Promise.reject(new Error('the stock service is away'));
  const handle = await startSaga(world, [order]);
  const pending = async () => (await handle.describe()).raw.pendingActivities ?? [];
  await until('it has been tried twice', async () =>
    (await pending()).some(({ attempt, lastFailure }) => (attempt ?? 0) > 1 && lastFailure),
  );
  const [stock] = (await pending()).filter(
    ({ activityType }) => activityType?.name === 'deductStock',
  );
  expect(stock?.lastFailure?.message).toBe('the stock service is away');
  world.clearFaults();
  await handle.result();
});

it('costs a good order one event, in its last task, and no timer', async () => {
  const { handle } = await placed({});
  const { events } = await handle.fetchHistory();
  const upserts = (events ?? []).filter((e) => e.upsertWorkflowSearchAttributesEventAttributes);
  const [end] = (events ?? []).flatMap((e) => e.workflowExecutionCompletedEventAttributes ?? []);
  expect(upserts).toHaveLength(1);
  expect(
    upserts[0]?.upsertWorkflowSearchAttributesEventAttributes?.workflowTaskCompletedEventId,
  ).toEqual(end?.workflowTaskCompletedEventId);
  expect((events ?? []).filter((event) => event.timerStartedEventAttributes)).toEqual([]);
});

describe('a namespace without our search attributes', () => {
  let client: Client;
  let namespace: string;

  beforeEach(async () => {
    namespace = await createNamespace(world.connection);
    client = new Client({ connection: world.connection, namespace });
  });

  it('gets its workflows all the same, without attributes', async () => {
    const order = await createOrder(world, broken);
    const workflowId = await claim(world, [order]);
    const start = createTemporalStarter(client, {
      pattern: 'saga',
      workflowType: workflowTypes.placeOrders,
      taskQueue: taskQueues.workflow,
    });
    const worker = await Worker.create({
      connection: world.connection,
      namespace,
      taskQueue: taskQueues.workflow,
      workflowBundle: await workflowBundle(),
      activities: {
        deductStock: () => [{ kind: 'broken', code: 'unknown-product' }],
        usePoints: () => [{ kind: 'done' }],
        holdOrders: () => undefined,
      },
    });
    const timing = { ...hurriedTiming, placement: 'local' } as const;
    await worker.runUntil(async () => {
      await (
        await start(workflowId, { orders: [order], timing })
      ).closed;
      const again = `place-${randomUUID()}`;
      await (
        await start(again, { orders: [order], timing })
      ).closed;
      for (const id of [workflowId, again]) {
        expect(await client.workflow.getHandle(id).result()).toMatchObject({ pending: 1 });
        expect(await attributesOf(id, client)).toEqual([
          undefined,
          undefined,
          undefined,
          undefined,
        ]);
      }
    });
  });

  it('is given them, once, however many ask', async () => {
    const ensure = () => ensureSearchAttributes(world.connection, namespace);
    await Promise.all([ensure(), ensure()]);
    await ensure();
    const handle = await client.workflow.start('neverRun', {
      workflowId: randomUUID(),
      taskQueue: 'nobody',
      typedSearchAttributes: initialAttributes('saga', []),
    });
    expect(await attributesOf(handle.workflowId, client)).toEqual(['saga', 0, 'PLACING', false]);
  });

  it('with one of them of another type is refused, saying which', async () => {
    await world.connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries([[searchAttributes.size.name, encode('KEYWORD') ?? 0]]),
    });
    const ensured = ensureSearchAttributes(world.connection, namespace);
    await expect(ensured).rejects.toThrow(SearchAttributesMissing);
    await expect(ensureSearchAttributes(world.connection, namespace)).rejects.toThrow(
      `OrderBatchSize of the namespace ${namespace} is not a INT`,
    );
  });
});
