import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType as encode } from '@temporalio/common/lib/search-attributes';
import { Worker } from '@temporalio/worker';
import { createTemporalStarter } from '../../api/placing/temporal';
import { initialAttributes, searchAttributes } from '../../contracts/labels';
import { taskQueues, workflowTypes } from '../../contracts/names';
import { ensureSearchAttributes } from '../../workers/wiring/search-attributes';
import { SearchAttributesMissing } from '../../workers/wiring/search-attributes';
import { workflowBundle } from '../../workers/wiring/bundle';
import { claim, createOrder } from '../support/orders';
import { attributesOf, placedByApi, staticSummaryOf, timelineOf } from '../support/ui';
import { createNamespace } from '../support/namespace';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';

/** The server's search attributes of the saga's batches, and workflows without them. */

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000 },
});

const refused = { lines: { rare: 2 } };
const broken = { lines: { ghost: 1 } };

it.each([
  ['is completed', [{}, {}], ['saga', 2, 'COMPLETED', false]],
  ['is refused', [{}, refused], ['saga', 2, 'CANCELLED', false]],
  ['is held', [{}, refused, broken], ['saga', 3, 'PENDING', true]],
])('shows in its attributes that the worst order %s', async (_what, sketches, expected) => {
  const { handle } = await placedByApi(world, 'saga', ...sketches);
  expect(await attributesOf(handle.workflowId, world.client)).toEqual(expected);
});

it('shows in its summary how many orders a batch has', async () => {
  const batch = await placedByApi(world, 'saga', {}, {}, {});
  expect(await staticSummaryOf(batch.handle)).toBe('saga: 3 orders');
  expect(await timelineOf(batch.handle)).toEqual([
    'decideOrders: COMPLETE 3 orders',
    'deductStock: 3 orders',
    'usePoints: 3 orders',
  ]);
});

it('costs a completed order one event, in its last task, and no timer', async () => {
  const { handle } = await placedByApi(world, 'saga', {});
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

  it('gets its workflows without attributes', async () => {
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

  it('gets them once, however many processes ask', async () => {
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

  it('that has one with another type is refused, with its name', async () => {
    await world.connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries([[searchAttributes.size.name, encode('KEYWORD') ?? 0]]),
    });
    const ensured = ensureSearchAttributes(world.connection, namespace);
    await expect(ensured).rejects.toThrow(SearchAttributesMissing);
    await expect(ensureSearchAttributes(world.connection, namespace)).rejects.toThrow(
      `OrderBatchSize of the namespace ${namespace} is not of type INT`,
    );
  });
});
