import type { LockOutcome } from './outcomes';
import {
  adoptedAfterCancel,
  away,
  cancelledAt,
  heldUpInBatch,
  impatient,
  local,
  placing,
  type Scenario,
} from './support';

const ended = placing('lock');

/** As in scenarios.ts, for the baseline. */
export const lockScenarios: Record<LockOutcome, Scenario> = {
  'lock-completed': (world) => ended(world, [{}], [1, 0, 0]),
  'lock-rejected': (world) => ended(world, [{ lines: { rare: 2 } }], [0, 1, 0]),
  'lock-broken-step': (world) => ended(world, [{ lines: { ghost: 1 } }], [0, 0, 1]),
  'lock-unavailable': (world) => {
    world.faults.placeInOneTransaction = away;
    return ended(world, [{}], [0, 1, 0], impatient);
  },
  'lock-cancelled-by-operator': (world) => cancelledAt(world, 'lock', 'placeInOneTransaction'),
  'lock-held-up-in-batch': (world) => heldUpInBatch(world, 'lock'),
  'lock-local-completed': (world) => ended(world, [{}], [1, 0, 0], local),
  'lock-adopted-after-cancel': (world) => adoptedAfterCancel(world, 'lock'),
};
