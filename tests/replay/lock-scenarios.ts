import type { LockOutcome } from './outcomes';
import {
  adoptedAfterCancel,
  away,
  brokenAndCancelled,
  cancelledAt,
  cancelOrder,
  endedAs,
  failAtLength,
  heldUpInBatch,
  impatient,
  inParts,
  local,
  placing,
  stoppedAt,
  tooDear,
  type Scenario,
} from './support';

const ended = placing('lock');

/** As in scenarios.ts, for the baseline. */
export const lockScenarios: Record<LockOutcome, Scenario> = {
  'lock-completed': (world) => ended(world, [{}], [1, 0, 0]),
  'lock-rejected': (world) => ended(world, [{ lines: { rare: 2 } }], [0, 1, 0]),
  'lock-rejected-points': (world) => ended(world, [tooDear], [0, 1, 0]),
  'lock-cancelled-by-customer': async (world) => {
    const { order, handle, gate } = await stoppedAt(world, 'lock', 'placeInOneTransaction');
    await cancelOrder(world, order);
    gate.open();
    return endedAs(handle, [0, 1, 0]);
  },
  'lock-completed-after-all': (world) => {
    world.faults.placeInOneTransaction = async (run) => {
      await run();
      throw new Error('the reply is lost');
    };
    return ended(world, [{}], [1, 0, 0], impatient);
  },
  'lock-broken-and-cancelled': (world) => {
    return brokenAndCancelled(world, 'lock', 'placeInOneTransaction');
  },
  'lock-broken-step': (world) => ended(world, [{ lines: { ghost: 1 } }], [0, 0, 1]),
  'lock-unavailable': (world) => {
    world.faults.placeInOneTransaction = away;
    return ended(world, [{}], [0, 1, 0], impatient);
  },
  'lock-answered-at-length': (world) => {
    failAtLength(world, 'placeInOneTransaction');
    return ended(world, [{}], [1, 0, 0], inParts);
  },
  'lock-cancelled-by-operator': (world) => cancelledAt(world, 'lock', 'placeInOneTransaction'),
  'lock-held-up-in-batch': (world) => heldUpInBatch(world, 'lock'),
  'lock-local-completed': (world) => ended(world, [{}], [1, 0, 0], local),
  'lock-adopted-after-cancel': (world) => adoptedAfterCancel(world, 'lock'),
};
