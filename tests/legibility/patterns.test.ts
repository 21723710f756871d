import { patterns, type Pattern } from '../../contracts/order';
import type { Faults } from '../support/faults';
import { createOrder, Gate, until } from '../support/orders';
import {
  attributesOf,
  detailsOf,
  linkTo,
  pendingOf,
  placedByApi,
  startedByApi,
  staticSummaryOf,
  timelineOf,
} from '../support/ui';
import { useWorld } from '../support/use-world';

/** An operator reads the same of every pattern's orders, without opening a payload. */

const world = useWorld({
  stock: { apple: { available: 1_000 }, rare: { available: 1 } },
  points: { anna: 10_000 },
});

/** A pattern's own texts; `X` stands for the order. */
interface Reading {
  /** The first step that touches the stock. */
  first: keyof Faults;
  /** Its name in the order's table. */
  shownAs: string;
  timeline: string[];
  /** Its steps in the table of a completed order. */
  steps: RegExp;
  broken: string;
  runbook: string;
}

const heard = 'reacted with (ReplyNoted|OrderCompleted)';
const readings: Record<Pattern, Reading> = {
  lock: {
    first: 'placeInOneTransaction',
    shownAs: 'placeInOneTransaction',
    timeline: ['placeInOneTransaction: order X'],
    steps: /placeInOneTransaction: done/,
    broken: 'PENDING: a step is broken: placeInOneTransaction, unknown-product',
    runbook: 'broken-step',
  },
  xa: {
    first: 'prepareStock',
    shownAs: 'prepareStock',
    timeline: [
      'commitPoints: order X',
      'commitStock: order X',
      'completeOrders: order X',
      'decideOrders: COMPLETE order X',
      'preparePoints: order X',
      'prepareStock: order X',
    ],
    steps: new RegExp(
      'prepareStock: done; preparePoints: done; decideOrders: COMPLETE; ' +
        'commitStock: committed; commitPoints: committed',
    ),
    broken: 'PENDING: a step is broken: prepareStock, unknown-product',
    runbook: 'broken-step',
  },
  tcc: {
    first: 'tryStock',
    shownAs: 'tryStock',
    timeline: [
      'completeOrders: order X',
      'confirmPoints: order X',
      'confirmStock: order X',
      'decideOrders: COMPLETE order X',
      'tryPoints: order X',
      'tryStock: order X',
    ],
    steps: new RegExp(
      'tryStock: done; tryPoints: done; decideOrders: COMPLETE; ' +
        'confirmStock: done; confirmPoints: done',
    ),
    broken: 'PENDING: a step is broken: tryStock, unknown-product',
    runbook: 'broken-step',
  },
  saga: {
    first: 'deductStock',
    shownAs: 'deductStock',
    timeline: ['decideOrders: COMPLETE order X', 'deductStock: order X', 'usePoints: order X'],
    steps: /deductStock: done; usePoints: done; decideOrders: COMPLETE/,
    broken: 'PENDING: a step is broken: deductStock, unknown-product',
    runbook: 'broken-step',
  },
  choreography: {
    first: 'productReacts',
    shownAs: 'OrderPlaced to product',
    timeline: [
      'eventsOfOrder: order X',
      'eventsOfPoint: order X',
      'eventsOfProduct: order X',
      'orderReacts: to PointsUsed of order X',
      'orderReacts: to StockDeducted of order X',
      'pointReacts: to OrderPlaced of order X',
      'productReacts: to OrderPlaced of order X',
      'settleOrder: order X',
    ],
    steps: new RegExp(
      'OrderPlaced to product: reacted with StockDeducted; ' +
        'OrderPlaced to point: reacted with PointsUsed; ' +
        `StockDeducted to order: ${heard}; PointsUsed to order: ${heard}`,
    ),
    broken: 'PENDING: an event is parked: X:OrderPlaced at product: broken: unknown-product',
    runbook: 'event-parked',
  },
};
const rows = patterns.map((pattern) => ({ pattern, ...readings[pattern] }));

it.each(rows)(
  '$pattern: shows its summary, each step’s orders, the order’s state and its steps’ answers',
  async ({ pattern, timeline, steps }) => {
    const sketch = { lines: { apple: 3 }, unitPrice: 2 };
    const { orderId, handle } = await placedByApi(world, pattern, sketch);
    expect(await staticSummaryOf(handle)).toBe(
      `${pattern}: order ${orderId} of anna, 3 items for 6`,
    );
    const shown = (await timelineOf(handle)).map((line) => line.replaceAll(orderId, 'X'));
    expect(shown).toEqual(timeline);
    expect(await attributesOf(handle.workflowId, world.client)).toEqual([
      pattern,
      1,
      'COMPLETED',
      false,
    ]);
    const details = await detailsOf(handle);
    expect(details).toContain('**1 order**: 1 completed, 0 cancelled, 0 unfinished');
    expect(details).toContain(`| ${orderId} | completed | `);
    expect(details).toMatch(steps);
    expect(details).not.toMatch(/runbook/);
  },
);

it.each(rows)(
  '$pattern: shows what a running order waits for, and what to do if that lasts',
  async ({ pattern, first, shownAs }) => {
    const gate = new Gate();
    world.faults[first] = async (run) => {
      await gate.pass();
      return run();
    };
    const order = await createOrder(world);
    const { handle, closed } = await startedByApi(world, pattern, [order]);
    await gate.reached;
    const details = await detailsOf(handle);
    const attributes = await attributesOf(handle.workflowId, world.client);
    gate.open();
    await closed;
    expect(details).toContain(`${shownAs}: asked`);
    expect(details).toContain(`what is retried, and why; ${linkTo('step-failing')}`);
    expect(attributes).toEqual([pattern, 1, 'PLACING', false]);
  },
);

it.each(rows)(
  '$pattern: shows which step is retried, how often and why',
  async ({ pattern, first }) => {
    world.faults[first] = () => Promise.reject(new Error('the service is away'));
    const order = await createOrder(world);
    const { handle, closed } = await startedByApi(world, pattern, [order]);
    const tried = async () => (await pendingOf(handle)).find(({ type }) => type === first);
    await until('it has been tried twice', async () => {
      const one = await tried();
      return one !== undefined && one.attempt > 1 && one.failure === 'the service is away';
    });
    world.clearFaults();
    await closed;
  },
);

it.each(rows)('$pattern: does not count a refusal as trouble', async ({ pattern }) => {
  const { orderId, handle } = await placedByApi(world, pattern, { lines: { rare: 2 } });
  expect(await attributesOf(handle.workflowId, world.client)).toEqual([
    pattern,
    1,
    'CANCELLED',
    false,
  ]);
  const details = await detailsOf(handle);
  expect(details).toMatch(new RegExp(`\\| ${orderId} \\| cancelled`));
  expect(details).not.toMatch(/runbook/);
});

it.each(rows)(
  '$pattern: shows which step is broken, and what to do',
  async ({ pattern, broken, runbook }) => {
    const { orderId, handle } = await placedByApi(world, pattern, { lines: { ghost: 1 } });
    expect(await attributesOf(handle.workflowId, world.client)).toEqual([
      pattern,
      1,
      'PENDING',
      true,
    ]);
    const details = await detailsOf(handle);
    expect(details).toContain('**1 order**: 0 completed, 0 cancelled, 1 unfinished');
    expect(details).toContain(`| ${orderId} | ${broken.replaceAll('X', orderId)} |`);
    expect(details).toContain(`**What to do**: ${linkTo(runbook)}`);
  },
);
