import { workflowTypes } from '../../contracts/names';
import { recoveries, recoveryKinds, type RecoveryKind } from '../../contracts/recovery';
import type { AgedInput, ScanInput } from '../../contracts/workflows';
import { createOrder, Gate, place, startOrders, startRun } from '../support/orders';
import type { Faults } from '../support/faults';
import { everythingIsOld, recoverOnce, startRecovery } from '../support/recovery';
import { attributesOf, detailsOf, linkTo, runbooksUrl, staticSummaryOf } from '../support/ui';
import { useWorld } from '../support/use-world';
import { hurriedTiming } from '../support/world';
import { away } from '../tcc/pending';
import { dies, preparedIn, rollBackAll } from '../xa/branches';

/** What an operator reads of recovery's look and of its runs. */

const world = useWorld({ stock: { apple: { available: 1_000 } }, points: { anna: 10_000 } });

afterEach(async () => {
  world.clearFaults();
  await rollBackAll(world);
});

const common = { timing: hurriedTiming, olderThanMs: 0, limit: 20, runbooksUrl };
const aged: AgedInput = common;
const scanning: ScanInput = { ...common, cancelAfterMs: 0 };

/** The details of an ended run. */
async function detailsAfter(type: string, input: unknown): Promise<string> {
  const handle = await startRun(world, type, input);
  await handle.result();
  return detailsOf(handle);
}

/** The details while the run executes these steps, of which it has begun one at least. */
async function detailsDuring(
  steps: readonly (keyof Faults)[],
  type: string,
  input: unknown,
): Promise<string> {
  const gate = new Gate();
  for (const step of steps) {
    world.faults[step] = async (run) => {
      await gate.pass();
      return run();
    };
  }
  const handle = await startRun(world, type, input);
  await gate.reached;
  const details = await detailsOf(handle);
  gate.open();
  await handle.result();
  world.clearFaults();
  return details;
}

it('every kind’s run has a summary of what it does, and its pattern', async () => {
  await startRecovery(world, 3_600_000);
  Object.assign(world.recovery, { ages: everythingIsOld });
  for (const step of ['findOrderWork', 'findStockWork', 'findPointWork'] as const) {
    world.faults[step] = () => Promise.resolve(recoveryKinds);
  }
  await recoverOnce(world);
  const expected: [RecoveryKind, string, string][] = [
    ['drain', 'saga', 'retries compensations that are due'],
    ['adoption', 'all', 'adopts orders that no workflow drives'],
    ['scan', 'xa', 'ends abandoned XA branches'],
    ['force', 'tcc', 'retries confirmations that failed'],
    ['sweep', 'tcc', 'settles old reservations'],
  ];
  expect(expected.map(([kind]) => kind).sort()).toEqual([...recoveryKinds]);
  for (const [kind, pattern, summary] of expected) {
    const { workflowId } = recoveries[kind];
    const run = world.client.workflow.getHandle(workflowId);
    expect(await staticSummaryOf(run)).toBe(summary);
    expect(await attributesOf(workflowId, world.client)).toEqual([
      pattern,
      undefined,
      undefined,
      false,
    ]);
    await run.result();
  }
});

describe('recoverOrders', () => {
  it('shows what it started, and which service does not answer, and why', async () => {
    world.faults.findOrderWork = () => Promise.resolve(['adoption']);
    world.faults.findPointWork = () => Promise.reject(new Error('the bank | is closed'));
    const look = await recoverOnce(world);
    const details = await detailsOf(look);
    expect(details).toContain('adoption: started');
    expect(details).toContain('| point | the bank \\| is closed |');
    await world.client.workflow.getHandle(recoveries.adoption.workflowId).result();
    world.clearFaults();
    expect(await detailsOf(await recoverOnce(world))).toBe('No service has anything to recover.');
  });
});

describe('scanBranches', () => {
  /** Both branches of an order are prepared, and no workflow drives it. */
  async function leftBehind(): Promise<string> {
    const order = await createOrder(world);
    const gate = dies(world, 'decideOrders', 'before');
    const handle = await startOrders(world, 'xa', [order]);
    await gate.reached;
    await handle.terminate();
    world.clearFaults();
    gate.open();
    return order.orderId;
  }

  it('shows that it looks, then what it has ended', async () => {
    const orderId = await leftBehind();
    const type = workflowTypes.scanBranches;
    const looking = ['findStockBranches', 'findPointBranches'] as const;
    expect(await detailsDuring(looking, type, { ...scanning, limit: 0 })).toBe(
      'Looking for abandoned branches',
    );
    const details = await detailsAfter(type, scanning);
    expect(details).toContain('Abandoned branches: **2**; 2 ended, 0 failed, 0 heuristic');
    expect(details).toContain(`| ${orderId} | rollbackStock | rolled-back |`);
    expect(details).toContain(`| ${orderId} | rollbackPoints | rolled-back |`);
    expect(details).not.toMatch(/runbook/);
  });

  it('names a branch that it could not end, with the reason, and what to do', async () => {
    const orderId = await leftBehind();
    world.faults.rollbackPoints = () => Promise.reject(new Error('the bank | is closed'));
    const handle = await startRun(world, workflowTypes.scanBranches, scanning);
    await handle.result();
    const details = await detailsOf(handle);
    expect(details).toContain('1 ended, 1 failed, 0 heuristic');
    expect(details).toContain(`| ${orderId} | rollbackPoints | the bank \\| is closed |`);
    expect(details).toContain(`**What to do**: ${linkTo('branch-in-doubt')}`);
    expect((await attributesOf(handle.workflowId, world.client)).at(-1)).toBe(true);
    expect(await preparedIn(world)).toEqual(['point']);
  });
});

describe('forceConfirmations', () => {
  const type = workflowTypes.forceConfirmations;

  it('names the orders that still wait, with the step and the reason, and what to do', async () => {
    const order = await createOrder(world);
    world.faults.confirmStock = away;
    await place(world, [order], 'tcc');
    world.faults.confirmStock = () => Promise.reject(new Error('the shelf is | on fire'));
    const handle = await startRun(world, type, aged);
    await handle.result();
    const details = await detailsOf(handle);
    expect(details).toContain('**1 order** retried: 0 completed, 1 PENDING');
    expect(details).toContain(`| ${order.orderId} | confirmStock: the shelf is \\| on fire |`);
    expect(details).toContain(`**What to do**: ${linkTo('confirmation-failing')}`);
    expect((await attributesOf(handle.workflowId, world.client)).at(-1)).toBe(true);
    world.clearFaults();
    expect(await detailsAfter(type, aged)).toBe('**1 order** retried: 1 completed, 0 PENDING');
    expect(await detailsDuring(['findUnconfirmed'], type, aged)).toBe(
      '**0 orders** retried: 0 completed, 0 PENDING',
    );
  });

  it('names fifty orders at most, and counts the others', async () => {
    const orders = [];
    for (let i = 0; i < 52; i += 1) orders.push(await createOrder(world));
    world.faults.confirmPoints = away;
    await place(world, orders, 'tcc');
    const details = await detailsAfter(type, aged);
    expect(details).toContain('**52 orders** retried: 0 completed, 52 PENDING');
    expect(details.match(/\| confirmPoints: away \|/g)).toHaveLength(50);
    expect(details).toContain('… and 2 more');
  });
});

describe('sweepReservations', () => {
  const type = workflowTypes.sweepReservations;

  it('names what it holds, with the reason, and what to do', async () => {
    const failing = await createOrder(world);
    const undecided = await createOrder(world, { lines: { ghost: 1 } });
    const missing = await createOrder(world, { lines: { ghost: 1 } });
    world.faults.confirmStock = () => Promise.reject(new Error('the shelf is | on fire'));
    await place(world, [failing, undecided, missing], 'tcc');
    await world.databases.order('orders').where('order_id', missing.orderId).delete();
    expect(await detailsDuring(['agedStock'], type, aged)).toMatch(
      /^\*\*\d reservations?\*\* older than the limit: /,
    );
    world.faults.confirmStock = () => Promise.reject(new Error('the shelf is | on fire'));
    const handle = await startRun(world, type, aged);
    await handle.result();
    const details = await detailsOf(handle);
    expect(details).toContain('0 confirmed, 0 cancelled, 3 held');
    expect(details).toContain(
      `| ${failing.orderId} | stock | confirmStock: the shelf is \\| on fire |`,
    );
    expect(details).toContain(`| ${undecided.orderId} | points | undecided: adoption decides |`);
    expect(details).toContain(`| ${missing.orderId} | points | the order does not exist |`);
    expect(details).toContain(`**What to do**: ${linkTo('reservation-held')}`);
    expect((await attributesOf(handle.workflowId, world.client)).at(-1)).toBe(true);
  });

  it('shows for each held reservation that the order service does not answer', async () => {
    const order = await createOrder(world);
    world.faults.confirmStock = away;
    await place(world, [order], 'tcc');
    world.faults.readDecisions = () => Promise.reject(new Error('the database is away'));
    const details = await detailsAfter(type, aged);
    // A step that is given up during a pause reports the timeout, not the last failure.
    expect(details).toMatch(/the order service does not answer: (the database is away|timed out)/);
    expect(details).toContain(`**What to do**: ${linkTo('reservation-held')}`);
    expect(details).toContain(`| ${order.orderId} | stock | the order service does not answer |`);
  });

  it('holds undecided reservations without a link to a runbook', async () => {
    const order = await createOrder(world, { lines: { ghost: 1 } });
    await place(world, [order], 'tcc');
    const details = await detailsAfter(type, aged);
    expect(details).toContain(`| ${order.orderId} | points | undecided: adoption decides |`);
    expect(details).not.toMatch(/runbook/);
  });
});
