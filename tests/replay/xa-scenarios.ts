import type { WorkflowHandle } from '@temporalio/client';
import { workflowTypes } from '../../contracts/names';
import type { ScanResult } from '../../contracts/workflows';
import { createOrder, startOrders, until } from '../support/orders';
import { hurriedTiming, type World } from '../support/world';
import { alertsOf, endByHand, putRight, scan, scanInput } from '../xa/branches';
import type { XaOutcome } from './outcomes';
import {
  abandoned,
  adopted,
  adoptedAfterCancel,
  away,
  brokenAndCancelled,
  cancelledAt,
  cancelledBesideAnswer,
  cancelledByCustomer,
  cancelledTooLate,
  cancelOrder,
  endedAs,
  failAtLength,
  impatient,
  inParts,
  local,
  lostAt,
  patient,
  placing,
  ran,
  tooDear,
  type Scenario,
} from './support';

const ended = placing('xa');

/** As in scenarios.ts, for two-phase commit and its scanner. */
export const xaScenarios: Record<XaOutcome, Scenario> = {
  'xa-completed': (world) => ended(world, [{}], [1, 0, 0]),
  'xa-rejected-stock': (world) => ended(world, [{ lines: { rare: 2 } }], [0, 1, 0]),
  'xa-rejected-points': (world) => ended(world, [tooDear], [0, 1, 0]),
  'xa-cancelled-by-customer': (world) => cancelledByCustomer(world, 'xa'),
  'xa-cancelled-by-operator': (world) => cancelledAt(world, 'xa', 'preparePoints'),
  'xa-cancelled-once-prepared': (world) => cancelledBesideAnswer(world, 'xa', 'preparePoints'),
  'xa-cancelled-too-late': (world) => cancelledTooLate(world, 'xa', 'commitPoints'),
  'xa-scanned-midway': (world) => {
    world.faults.prepareStock = async (run) => {
      await run();
      expect(await scan(world)).toMatchObject({ ended: 1 });
      return run();
    };
    return ended(world, [{}], [0, 1, 0]);
  },
  'xa-unavailable': (world) => {
    world.faults.prepareStock = away;
    return ended(world, [{}], [0, 1, 0], impatient);
  },
  'xa-answered-at-length': (world) => {
    failAtLength(world, 'preparePoints');
    return ended(world, [{}], [1, 0, 0], inParts);
  },
  'xa-broken-step': (world) => ended(world, [{ lines: { ghost: 1 } }], [0, 0, 1]),
  'xa-broken-and-cancelled': (world) => brokenAndCancelled(world, 'xa', 'prepareStock'),
  'xa-broken-once-prepared': (world) => {
    world.faults.preparePoints = () =>
      Promise.resolve([{ kind: 'broken', code: 'guard-violated' }] as const);
    return ended(world, [{}], [0, 0, 1]);
  },
  'xa-commit-in-doubt': (world) => inDoubt(world, 'COMPLETE'),
  'xa-rollback-in-doubt': (world) => inDoubt(world, 'CANCEL'),
  'xa-heuristic-rollback': (world) => heuristic(world, 'ROLLBACK'),
  'xa-heuristic-commit': (world) => heuristic(world, 'COMMIT'),
  'xa-mixed-batch': (world) => {
    return ended(world, [{}, { lines: { rare: 2 } }, { lines: { ghost: 1 } }], [1, 1, 1]);
  },
  'xa-local-completed': (world) => ended(world, [{}], [1, 0, 0], local),
  'xa-local-unavailable': (world) => {
    world.faults.preparePoints = away;
    return ended(world, [{}], [0, 1, 0], { ...local, actionMsMax: 1_000 });
  },
  'xa-local-commit-in-doubt': (world) => inDoubt(world, 'COMPLETE', local),
  'xa-adopted': async (world) => {
    return adopted(world, await lostAt(world, 'xa', 'prepareStock', 'after'), [1, 0, 0]);
  },
  'xa-adopted-after-complete': async (world) => {
    return adopted(world, await lostAt(world, 'xa', 'commitPoints', 'before'), [1, 0, 0]);
  },
  'xa-adopted-after-cancel': (world) => adoptedAfterCancel(world, 'xa'),
  'scan-nothing': (world) => scanned(world, { ended: 0, failed: 0 }),
  'scan-too-young': async (world) => {
    await lostAt(world, 'xa', 'decideOrders', 'before');
    return scanned(world, { ended: 0, failed: 0 }, 60_000);
  },
  'scan-undecided': async (world) => {
    await lostAt(world, 'xa', 'decideOrders', 'before');
    return scanned(world, { ended: 2, failed: 0 });
  },
  'scan-decided': async (world) => {
    await lostAt(world, 'xa', 'decideOrders', 'after');
    return scanned(world, { ended: 2, failed: 0 });
  },
  'scan-unknown-order': async (world) => {
    await lostAt(world, 'xa', 'decideOrders', 'before');
    await world.databases.order('orders').delete();
    return scanned(world, { ended: 0, failed: 2 });
  },
  'scan-failing': async (world) => {
    await lostAt(world, 'xa', 'decideOrders', 'before');
    world.faults.rollbackStock = away;
    return scanned(world, { ended: 1, failed: 1 });
  },
  'scan-heuristic': async (world) => {
    await lostAt(world, 'xa', 'decideOrders', 'after');
    expect(await endByHand(world, 'point', 'ROLLBACK')).toBe(1);
    return scanned(world, { ended: 1, heuristic: 1 });
  },
  'scan-participant-away': async (world) => {
    await lostAt(world, 'xa', 'decideOrders', 'before');
    world.faults.findPointBranches = away;
    return scanned(world, { ended: 1, failed: 0 });
  },
  'scan-cancelled': async (world) => {
    await lostAt(world, 'xa', 'decideOrders', 'before');
    const input = { ...scanInput(), timing: patient };
    return abandoned(world, workflowTypes.scanBranches, input, 'readDecisions');
  },
};

function scanned(world: World, result: Partial<ScanResult>, cancelAfterMs?: number) {
  return ran(world, workflowTypes.scanBranches, scanInput(cancelAfterMs), result);
}

/** The points' branch cannot be ended until an alert is raised. */
async function inDoubt(
  world: World,
  decision: 'COMPLETE' | 'CANCEL',
  timing = hurriedTiming,
): Promise<WorkflowHandle> {
  const order = await createOrder(world);
  const completes = decision === 'COMPLETE';
  world.faults[completes ? 'commitPoints' : 'rollbackPoints'] = away;
  if (!completes) beforeDecision(world, () => cancelOrder(world, order));
  const handle = await startOrders(world, 'xa', [order], timing);
  await until('an alert is raised', async () => {
    return (await alertsOf(world, order.orderId)).includes('branch-in-doubt');
  });
  world.clearFaults();
  return endedAs(handle, completes ? [1, 0, 0] : [0, 1, 0]);
}

/** The points' branch is ended by hand against the decision, and corrected in the books. */
async function heuristic(world: World, how: 'COMMIT' | 'ROLLBACK'): Promise<WorkflowHandle> {
  const order = await createOrder(world);
  const completes = how === 'ROLLBACK';
  let byHand = 0;
  beforeDecision(world, async () => {
    // Once, even if the decision is requested again.
    byHand += await endByHand(world, 'point', how);
    expect(byHand).toBe(1);
    if (!completes) await cancelOrder(world, order);
  });
  const handle = await startOrders(world, 'xa', [order]);
  await until('an alert is raised', async () => {
    return (await alertsOf(world, order.orderId)).includes('heuristic-outcome');
  });
  await putRight(world, order.orderId, completes ? 'use' : 'refund');
  return endedAs(handle, completes ? [1, 0, 0] : [0, 1, 0]);
}

function beforeDecision(world: World, meanwhile: () => Promise<void>): void {
  world.faults.decideOrders = async (run) => {
    await meanwhile();
    return run();
  };
}
