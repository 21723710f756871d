import type { Change } from './incompatible';

/** Changes of TCC and its recovery. */
export const tccChanges: Change[] = [
  [
    'the second phase requests the points before the stock',
    {
      file: 'workflows/shared/reservations.ts',
      in: 'endReservations',
      from: 'participants.map(',
      to: '[...participants].reverse().map(',
    },
    ['tcc-completed', 'tcc-rejected-stock', 'tcc-local-completed', 'force-completed'],
  ],
  [
    'a reservation that an operator has frozen is retried at once',
    {
      file: 'workflows/shared/reservations.ts',
      in: 'settle',
      from: 'sleep(timing.retryMsMax)',
      to: 'Promise.resolve(sleep)',
    },
    ['tcc-confirm-frozen', 'tcc-confirm-thawed'],
  ],
  [
    'an adopted order is not thawed',
    {
      file: 'workflows/tcc.ts',
      in: 'resume',
      from: 'resolution === 0',
      to: 'resolution >= 0',
    },
    ['tcc-adopted-frozen'],
  ],
  [
    'a broken forced confirmation is put aside at once',
    {
      file: 'workflows/recovery/force.ts',
      in: 'hold',
      from: 'this.order.readDecisions(broken.map((one) => one.order.orderId))',
      to: "Promise.resolve(broken.map(() => 'COMPLETE'))",
    },
    ['force-broken', 'force-overtaken'],
  ],
  [
    'a forced confirmation waits on for locked rows',
    {
      file: 'workflows/recovery/force.ts',
      from: 'heldMsMax: 1 }',
      to: 'heldMsMax: 60_000 }',
    },
    ['force-held-up'],
  ],
  [
    'a sweep cancels reservations that it must confirm',
    {
      file: 'workflows/recovery/sweep.ts',
      in: 'settleAll',
      from: "decided('CANCEL')",
      to: "decided('COMPLETE')",
    },
    ['sweep-decided'],
  ],
  [
    'a confirm by an operator thaws nothing',
    {
      file: 'workflows/recovery/resolve.ts',
      in: 'prepare',
      from: 'await thaw(input, placed, command); return placed;',
      to: 'return placed;',
    },
    ['resolve-confirm', 'resolve-confirm-overtaken'],
  ],
  [
    'the workflow that drives a resolved order has another id',
    {
      file: 'workflows/recovery/resolve.ts',
      in: 'driveOn',
      from: 'driver()',
      to: "driver() + '-on'",
    },
    ['resolve-retry', 'resolve-cancel', 'resolve-stopped-driving'],
  ],
];
