import { createParticipantActivities } from '../../activities/participant/activities';
import { product } from '../../contracts/participants/product';
import { Worker } from '@temporalio/worker';
import { branchQueueOf } from '../../contracts/names';
import { createOrder, Gate, netEffect, startOrders, stateOf, until } from '../support/orders';
import { useWorld } from '../support/use-world';
import { openXaOf } from '../support/world';

/** Ending a branch must not wait for a step that waits for a branch to end. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 1_000 } });

/** Serves only the queue of branches. */
async function branchesAlone() {
  const { connection, namespace, databases } = world;
  const xa = openXaOf(databases).product;
  const { commitStock, rollbackStock } = createParticipantActivities(
    product,
    databases.product,
    xa,
  );
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: branchQueueOf('product'),
    activities: { commitStock, rollbackStock },
  });
  const run = worker.run();
  return async () => {
    worker.shutdown();
    await run;
    await xa.close();
  };
}

it('a branch is committed while every slot of the service is busy', async () => {
  const order = await createOrder(world);
  const decided = new Gate();
  world.faults.decideOrders = async (run) => {
    await decided.pass();
    return run();
  };
  await startOrders(world, 'xa', [order]);
  await decided.reached;
  // As if all slots were busy: no worker serves the service's own queue.
  await world.stopWorker('product');
  const end = await branchesAlone();
  try {
    decided.open();
    await until('it is completed', async () => {
      return (await stateOf(world, order.orderId)).status === 'COMPLETED';
    });
    expect(await netEffect(world, order.orderId)).toEqual({ stock: -1, points: -1 });
  } finally {
    await end();
    await world.startWorker('product');
  }
});
