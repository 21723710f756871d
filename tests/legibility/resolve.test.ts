import { randomUUID } from 'node:crypto';
import { createTemporalResolver } from '../../api/placing/temporal';
import type { Pattern } from '../../contracts/order';
import type { ResolutionAction } from '../../contracts/reservations';
import { createOrder, Gate, place } from '../support/orders';
import { attributesOf, detailsOf, linkTo, runbooksUrl, staticSummaryOf } from '../support/ui';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';
import { away, unconfirmed } from '../tcc/pending';

/** An operator's resolution owns its order; operators find and read it like any other owner. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 10_000 } });

/** Started like the API does. */
function resolving(orderId: string, action: ResolutionAction, pattern: Pattern = 'tcc') {
  const workflowId = `resolve-${randomUUID()}`;
  const resolve = createTemporalResolver(world.client, { timing: hurriedTiming, runbooksUrl });
  const request = { orderId, action, reason: 'the customer | called', operator: 'olga' };
  const handle = world.client.workflow.getHandle(workflowId);
  const drive = world.client.workflow.getHandle(`${workflowId}-drive`);
  return { handle, drive, outcome: resolve.run(workflowId, pattern, request) };
}

const attributes = (handle: { workflowId: string }) =>
  attributesOf(handle.workflowId, world.client);

it('shows from its start the action, the operator, the reason, and the driving workflow', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock');
  const gate = new Gate();
  world.faults.confirmStock = async (run) => {
    await gate.pass();
    return run();
  };
  const { handle, drive, outcome } = resolving(orderId, 'confirm');
  await gate.reached;
  const details = await detailsOf(handle);
  const driven = await detailsOf(drive);
  const meanwhile = [await attributes(handle), await attributes(drive)];
  gate.open();
  expect(await outcome).toBe('completed');

  expect(await staticSummaryOf(handle)).toBe(`tcc: confirm of order ${orderId} by olga`);
  expect(details).toContain(
    `**confirm** of order ${orderId} by olga: in progress, because: the customer \\| called`,
  );
  expect(details).toContain(`\`${drive.workflowId}\` drives the order`);
  expect(details).toContain(linkTo('step-failing'));
  expect(await staticSummaryOf(drive)).toBe(
    `tcc: order ${orderId} of anna, 3 items for 3, confirm by olga`,
  );
  expect(driven).toContain('confirmStock: asked');
  expect(meanwhile).toEqual([
    ['tcc', 1, 'PLACING', false],
    ['tcc', 1, 'PLACING', false],
  ]);
  expect(await detailsOf(handle)).toBe(`**confirm** of order ${orderId} by olga: **completed**`);
  expect(await attributes(handle)).toEqual(['tcc', 1, 'COMPLETED', false]);
  expect(await attributes(drive)).toEqual(['tcc', 1, 'COMPLETED', false]);
});

it('that leaves its order PENDING shows where to read why and what to do', async () => {
  const { orderId } = await unconfirmed(world, 'confirmStock');
  world.faults.confirmStock = away;
  const { handle, drive, outcome } = resolving(orderId, 'confirm');
  expect(await outcome).toBe('pending');
  expect(await detailsOf(handle)).toBe(
    `**confirm** of order ${orderId} by olga: **pending**: see why in the details of ` +
      `\`${drive.workflowId}\`. **What to do**: ${linkTo('stuck-order')}`,
  );
  expect(await detailsOf(drive)).toContain(linkTo('confirmation-failing'));
  expect(await attributes(handle)).toEqual(['tcc', 1, 'PENDING', true]);
  expect(await attributes(drive)).toEqual(['tcc', 1, 'PENDING', true]);
});

it('that was unsafe shows that nothing was changed, and that the order still waits', async () => {
  const order = await createOrder(world, { lines: { ghost: 1 } });
  await place(world, [order], 'saga');
  const { handle, outcome } = resolving(order.orderId, 'confirm', 'saga');
  expect(await outcome).toBe('unsafe');
  expect(await detailsOf(handle)).toBe(
    `**confirm** of order ${order.orderId} by olga: **unsafe**: nothing was changed, and the ` +
      `order still waits. **What to do**: ${linkTo('stuck-order')}`,
  );
  expect(await attributes(handle)).toEqual(['saga', 1, 'PENDING', false]);
});

it('that came too late never owned the order, and has no status', async () => {
  const order = await createOrder(world);
  await place(world, [order], 'tcc');
  const { handle, outcome } = resolving(order.orderId, 'cancel');
  expect(await outcome).toBe('not-pending');
  expect(await detailsOf(handle)).toBe(
    `**cancel** of order ${order.orderId} by olga: **not-pending**: nothing was changed`,
  );
  expect(await attributes(handle)).toEqual(['tcc', 1, undefined, false]);
});
