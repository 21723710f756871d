import { Worker } from '@temporalio/worker';
import { taskQueues } from '../../contracts/names';
import { workflowBundle } from '../../workers/wiring/bundle';
import { createWorkflowActivities } from '../../workers/wiring/recovery-schedule';
import { createOrder, ends, Gate, netEffect, startOrders } from '../support/orders';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';

/** A process of another placement takes over open workflows. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 1_000 } });

/** Runs the workflows like the placement `separate`, without the services' steps. */
async function withSeparateWorker<T>(work: () => Promise<T>): Promise<T> {
  await world.stopWorker('workflow');
  const worker = await Worker.create({
    connection: world.connection,
    namespace: world.namespace,
    taskQueue: taskQueues.workflow,
    workflowBundle: await workflowBundle(),
    activities: createWorkflowActivities(world.recovery),
    stickyQueueScheduleToStartTimeout: 100,
  });
  const running = worker.run();
  try {
    return await work();
  } finally {
    worker.shutdown();
    await running;
    await world.startWorker('workflow');
  }
}

const local = { ...hurriedTiming, placement: 'local' } as const;

it.each(['saga', 'tcc', 'xa', 'lock'] as const)(
  'an order of `%s` that began with the placement `local` ends with `separate`',
  async (pattern) => {
    await withSeparateWorker(async () => {
      const order = await createOrder(world);
      await startOrders(world, pattern, [order], local);
      await ends(world, order, 'COMPLETED');
      expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
    });
  },
);

it('an order that is halfway continues where it was', async () => {
  // An ordinary activity ends a branch in every placement; the steps after it are local.
  const commit = new Gate();
  world.faults.commitStock = async (run) => {
    await commit.pass();
    return run();
  };
  const order = await createOrder(world);
  await startOrders(world, 'xa', [order], local);
  await commit.reached;
  await withSeparateWorker(async () => {
    commit.open();
    await ends(world, order, 'COMPLETED');
  });
  expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
});
