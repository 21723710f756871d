import type { Change } from './incompatible';

/** Changes of TCC and its recovery. */
export const tccChanges: Change[] = [
  [
    'the second phase requests the points before the stock',
    {
      file: 'workflows/shared/reservations.ts',
      from: 'const columns = participants.map(',
      to: 'const columns = [...participants].reverse().map(',
    },
    ['tcc-completed', 'tcc-rejected-stock', 'tcc-local-completed', 'force-completed'],
  ],
  [
    'a reservation that an operator has frozen is retried at once',
    {
      file: 'workflows/shared/reservations.ts',
      from: 'await sleep(timing.retryMsMax);',
      to: 'await Promise.resolve(sleep);',
    },
    ['tcc-confirm-frozen', 'tcc-confirm-thawed'],
  ],
  [
    'an adopted order is not thawed',
    {
      file: 'workflows/tcc.ts',
      from: 'if (resolution === null || resolution === 0) continue;',
      to: 'if (resolution !== null || resolution === null) continue;',
    },
    ['tcc-adopted-frozen'],
  ],
  [
    'a broken forced confirmation is put aside at once',
    {
      file: 'workflows/recovery/force.ts',
      from: 'const now = await this.order.readDecisions(broken.map((one) => one.order.orderId));',
      to: "const now = await Promise.resolve(broken.map(() => 'COMPLETE'));",
    },
    ['force-broken', 'force-overtaken'],
  ],
  [
    'a forced confirmation waits for other orders’ locked rows',
    {
      file: 'workflows/recovery/force.ts',
      from: "this, orders, 'answer')",
      to: 'this, orders)',
    },
    ['force-held-up'],
  ],
  [
    'a sweep cancels reservations that it must confirm',
    { file: 'workflows/recovery/sweep.ts', from: "decided('CANCEL')", to: "decided('COMPLETE')" },
    ['sweep-decided'],
  ],
  [
    'a confirm by an operator thaws nothing',
    {
      file: 'workflows/recovery/resolve.ts',
      from: 'await thaw(input, placed, command);\n      return placed;',
      to: 'return placed;',
    },
    ['resolve-confirm', 'resolve-confirm-overtaken'],
  ],
  [
    'the workflow that drives a resolved order has another id',
    {
      file: 'workflows/recovery/resolve.ts',
      from: 'workflowId: driver(),',
      to: "workflowId: driver() + '-on',",
    },
    ['resolve-retry', 'resolve-cancel', 'resolve-stopped-driving'],
  ],
];
