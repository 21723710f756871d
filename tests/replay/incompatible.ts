import type { Mutation } from '../mutants/mutate';
import { tccChanges } from './incompatible-tcc';
import type { Outcome } from './outcomes';

/** A change in words, what it is in the code, and histories of open workflows that it breaks. */
export type Change = [what: string, mutation: Mutation, breaks: Outcome[]];

const xaChanges: Change[] = [
  [
    'the points’ branch is ended before the stock’s',
    {
      file: 'workflows/xa.ts',
      in: 'carryOut',
      from: 'participantsIn(order).map(',
      to: '[...participantsIn(order)].reverse().map(',
    },
    ['xa-completed', 'xa-adopted-after-complete', 'xa-local-completed'],
  ],
  [
    'a branch in doubt raises no alert',
    {
      file: 'workflows/xa.ts',
      in: 'endOnce',
      from: "await this.run.alert({ orderId, kind: 'branch-in-doubt', detail });",
      to: '',
    },
    ['xa-commit-in-doubt', 'xa-rollback-in-doubt'],
  ],
  [
    'a branch that was ended by hand is checked again at once',
    {
      file: 'workflows/xa.ts',
      in: 'end',
      from: 'sleep(pauseMs)',
      to: 'Promise.resolve(sleep)',
    },
    ['xa-heuristic-rollback', 'xa-heuristic-commit'],
  ],
  [
    'a prepared order is decided although its workflow is cancelled',
    {
      file: 'workflows/shared/run.ts',
      in: 'decide',
      from: 'this.shielded.decideOrders',
      to: 'this.order.decideOrders',
    },
    ['xa-cancelled-by-operator', 'xa-cancelled-once-prepared'],
  ],
  [
    'the scanner cancels without reading the decision',
    {
      file: 'workflows/recovery/scan.ts',
      in: 'decide',
      from: 'orderSteps({ timing }).readDecisions(ids)',
      to: "Promise.resolve(ids.map(() => 'undecided' as const))",
    },
    ['scan-decided', 'scan-undecided', 'scan-too-young', 'scan-unknown-order'],
  ],
];

const choreographyChanges: Change[] = [
  [
    'a released event is tried before its alert is resolved',
    {
      file: 'workflows/choreography.ts',
      in: 'deliver',
      from: `for (const { orderId } of released) await orderEventSteps(asker).resolveParked(orderId);
        const answers = await (release ? service.react(all, release) : service.react(all));`,
      to: `const answers = await (release ? service.react(all, release) : service.react(all));
        for (const { orderId } of released) await orderEventSteps(asker).resolveParked(orderId);`,
    },
    ['delivery-released', 'delivery-released-in-vain'],
  ],
  [
    'a parked event raises no alert',
    {
      file: 'workflows/choreography.ts',
      in: 'redeliver',
      from: 'await run.alert(parked);',
      to: '',
    },
    ['choreography-parked', 'choreography-local-parked'],
  ],
  [
    'there is no pause between two checks',
    {
      file: 'workflows/choreography.ts',
      in: 'redeliver',
      from: 'condition(() => cancelled.seen && !heeded, pauseMs)',
      to: 'condition(() => cancelled.seen || !heeded)',
    },
    ['choreography-delivered-by-others'],
  ],
  [
    'the services are asked for their events in another order',
    {
      file: 'workflows/choreography.ts',
      in: 'redeliver',
      from: 'services.map(',
      to: '[...services].reverse().map(',
    },
    ['choreography-completed', 'choreography-adopted', 'choreography-local-completed'],
  ],
];

/** Changes that look harmless. */
export const incompatible: Change[] = [
  [
    'the points are requested before the stock',
    {
      file: 'contracts/participants/index.ts',
      in: 'registered',
      from: '[product, point]',
      to: '[point, product]',
    },
    ['completed', 'worker-lost-midway', 'local-completed', 'adopted'],
  ],
  [
    'a failed compensation is no longer registered',
    {
      file: 'workflows/shared/run.ts',
      in: 'close',
      from: 'await this.order.registerCompensations(failed)',
      to: 'await Promise.resolve()',
    },
    ['compensation-failing', 'local-compensation-failing'],
  ],
  [
    'a broken order is no longer put aside',
    {
      file: 'workflows/shared/run.ts',
      in: 'hold',
      from: 'await this.shielded.holdOrders([...broken])',
      to: 'await Promise.resolve()',
    },
    ['broken-step', 'mixed-batch', 'local-mixed-batch'],
  ],
  [
    'the worst status is no longer shown',
    {
      file: 'workflows/ui/batch-view.ts',
      in: 'end',
      from: 'showWorstStatus(result.cancelled',
      to: 'void (result.cancelled',
    },
    ['completed', 'rejected-stock', 'adopted-after-cancel'],
  ],
  [
    'the drain records nothing',
    {
      file: 'workflows/recovery/drain.ts',
      in: 'through',
      from: 'await this.record(results);',
      to: '',
    },
    ['drain-by-schedule', 'drain-failing'],
  ],
  [
    'the drain does not read the due rows',
    {
      file: 'workflows/recovery/drain.ts',
      in: 'through',
      from: 'this.order.dueCompensations(query)',
      to: 'Promise.resolve({ orders: [], last: null, query })',
    },
    ['drain-nothing', 'drain-failing'],
  ],
  [
    'adoption starts no workflow',
    {
      file: 'workflows/recovery/adopt.ts',
      in: 'adopt',
      from: 'orders.length === 0',
      to: 'orders.length > 0',
    },
    ['adopt-orders'],
  ],
  [
    'adoption checks no owner',
    {
      file: 'workflows/recovery/adopt.ts',
      in: 'adoptOrders',
      from: "input.from?.afterOwner ?? ''",
      to: 'null as string | null',
    },
    ['adopt-nothing', 'adopt-orders'],
  ],
  [
    'a look starts no run',
    {
      file: 'workflows/recovery/look.ts',
      in: 'recoverOrders',
      from: 'recoveryKinds.filter((kind) => found[kind])',
      to: 'recoveryKinds.filter((kind) => found[kind] === undefined)',
    },
    ['look-work'],
  ],
  [
    'a look is not recorded',
    {
      file: 'workflows/recovery/look.ts',
      in: 'recoverOrders',
      from: 'await order.noteLook(found);',
      to: '',
    },
    ['look-nothing', 'look-service-away', 'look-work'],
  ],
  [
    'a transaction that was given up is no longer decided',
    {
      file: 'workflows/shared/run.ts',
      in: 'decide',
      from: 'this.shielded.decideOrders(items.map(verdictOf))',
      to: "Promise.resolve(items.map(verdictOf).map(() => 'CANCEL' as const))",
    },
    ['lock-unavailable', 'lock-cancelled-by-operator'],
  ],
  [
    'a step without an answer in the first part of its time is given up',
    {
      file: 'workflows/shared/patience.ts',
      in: 'askPatiently',
      from: "left < retryMsMax || !patched('downtime-does-not-count')",
      to: 'left <= actionMsMax || patched.length > 1',
    },
    ['answered-at-length', 'local-answered-at-length', 'xa-answered-at-length'],
  ],
  ...xaChanges,
  ...tccChanges,
  ...choreographyChanges,
];

/** What the histories accept: other words, and a change that is patched in. */
export const compatible: Mutation[] = [
  {
    file: 'workflows/ui/order-states.ts',
    in: 'asking',
    from: "'waiting for the participants'",
    to: "'asked'",
  },
  {
    file: 'workflows/shared/ask.ts',
    in: 'askAll',
    from: 'const columns = run.participants.map(',
    to: `const all = [...run.participants];
  const columns = (patched('points-first') ? all.reverse() : all).map(`,
  },
  {
    file: 'workflows/shared/ask.ts',
    from: 'CancellationScope, log }',
    to: 'CancellationScope, log, patched }',
  },
];
