import { workflowTypes } from '../../contracts/names';
import type { AdoptInput, DrainInput } from '../../contracts/workflows';
import { claim, createOrder, Gate, startRun, startSaga } from '../support/orders';
import { detailsOf, linkTo, runbooksUrl } from '../support/ui';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';

/** What an operator reads of a workflow in the Temporal UI, without opening a payload. */

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000 },
});

/** It takes stock and has too few points, so the stock must be given back. */
const tooDear = { lines: { apple: 3 }, unitPrice: 100_000 };
const drain: DrainInput = { timing: hurriedTiming, limit: 100, runbooksUrl };
const adopt: AdoptInput = { timing: hurriedTiming, olderThanMs: 0, limit: 5, runbooksUrl };

it('counts the orders, and shows those that are not completed with reason and steps', async () => {
  const fine = await createOrder(world);
  const refused = await createOrder(world, { lines: { rare: 2 } });
  const broken = await createOrder(world, { lines: { ghost: 1 } });
  const handle = await startSaga(world, [fine, refused, broken], hurriedTiming, { runbooksUrl });
  await handle.result();
  const details = await detailsOf(handle);
  expect(details).toContain('**3 orders**: 1 completed, 1 cancelled, 1 unfinished');
  expect(details).toContain(
    `| ${refused.orderId} | cancelled: insufficient-stock | deductStock: rejected, ` +
      'insufficient-stock; usePoints: done; decideOrders: CANCEL; refundPoints: done |',
  );
  expect(details).toContain(
    `| ${broken.orderId} | PENDING: a step is broken: deductStock, unknown-product | ` +
      'deductStock: broken, unknown-product; usePoints: done |',
  );
  expect(details).toContain(`**What to do**: ${linkTo('broken-step')}`);
  expect(details).not.toContain(fine.orderId);
});

it('shows the steps of a single completed order, without a link to a runbook', async () => {
  const order = await createOrder(world);
  const handle = await startSaga(world, [order]);
  await handle.result();
  expect(await detailsOf(handle)).toBe(
    [
      '**1 order**: 1 completed, 0 cancelled, 0 unfinished',
      '',
      '| order | state | steps |',
      '| --- | --- | --- |',
      `| ${order.orderId} | completed | deductStock: done; usePoints: done; ` +
        'decideOrders: COMPLETE |',
    ].join('\n'),
  );
});

it('shows what a running order waits for, and where to read on', async () => {
  const gate = new Gate();
  world.faults.deductStock = async (run) => {
    await gate.pass();
    return run();
  };
  const order = await createOrder(world);
  const handle = await startSaga(world, [order]);
  await gate.reached;
  const details = await detailsOf(handle);
  gate.open();
  await handle.result();
  expect(details).toMatch(
    /waiting for the participants \| deductStock: asked; usePoints: (asked|done)/,
  );
  // Without a base URL the text contains the path in the repository.
  expect(details).toContain('what is retried, and why; `docs/runbooks/step-failing.md`');
});

it('shows why a compensation failed, in the order’s workflow and in the drain’s', async () => {
  world.faults.restoreStock = () => Promise.reject(new Error('the shelf is | on fire\nagain'));
  const order = await createOrder(world, tooDear);
  const handle = await startSaga(world, [order], hurriedTiming, { runbooksUrl });
  await handle.result();
  const link = linkTo('compensation-failing');
  const details = await detailsOf(handle);
  expect(details).toContain('PENDING: a compensation failed; recovery retries it');
  expect(details).toContain('restoreStock: failed (the shelf is \\| on fire again)');
  expect(details).toContain(`**What to do**: ${link}`);

  await world.databases.order('compensations').update({ next_retry_at: new Date(0) });
  const drained = await startRun(world, workflowTypes.drainCompensations, drain);
  await drained.result();
  const drainDetails = await detailsOf(drained);
  expect(drainDetails).toContain('**1 compensation** retried: 0 succeeded, 1 failed');
  expect(drainDetails).toContain(
    `| ${order.orderId} | restoreStock | the shelf is \\| on fire again |`,
  );
  expect(drainDetails).toContain(link);
});

it('shows that an action was given up, and why', async () => {
  world.faults.usePoints = () => Promise.reject(new Error('the points are asleep'));
  const order = await createOrder(world);
  const impatient = { ...hurriedTiming, attemptMsMax: 300, actionMsMax: 600 };
  const handle = await startSaga(world, [order], impatient, { runbooksUrl });
  await handle.result();
  const details = await detailsOf(handle);
  expect(details).toContain('| cancelled: unavailable |');
  expect(details).toMatch(
    /usePoints: given-up \((timed out \(SCHEDULE_TO_CLOSE\)|the points are asleep)\)/,
  );
  expect(details).toContain(linkTo('step-failing'));
});

it('lists the adopted orders with their previous and new owners', async () => {
  const order = await createOrder(world);
  const before = await claim(world, [order]);
  const handle = await startRun(world, workflowTypes.adoptOrders, adopt);
  await handle.result();
  const details = await detailsOf(handle);
  expect(details).toContain('**1 order** adopted');
  expect(details).toMatch(new RegExp(`\\| ${order.orderId} \\| ${before} \\| adopt-[\\w-]+ \\|`));
});

it('shows fifty orders at most, waiting ones first, and counts the others', async () => {
  const orders = [];
  for (let i = 0; i < 60; i += 1) {
    orders.push(await createOrder(world, { lines: { rare: 2 } }));
  }
  const waiting = await createOrder(world, { lines: { ghost: 1 } });
  const handle = await startSaga(world, [...orders, waiting]);
  await handle.result();
  const details = await detailsOf(handle);
  const rows = details.split('\n').filter((line) => line.startsWith('| o-'));
  expect(rows).toHaveLength(50);
  expect(rows[0]).toContain(`${waiting.orderId} | PENDING: a step is broken`);
  expect(details.match(/cancelled: insufficient-stock/g)).toHaveLength(49);
  expect(details).toContain('… and 11 more');
});
