import type { Mutation } from '../mutants/mutate';
import { tccChanges } from './incompatible-tcc';
import type { Outcome } from './outcomes';

/** A change in words, what it is in the code, and histories of open workflows that it breaks. */
export type Change = [what: string, mutation: Mutation, breaks: Outcome[]];

const resolveParked = '  if (release) await orderEventSteps({ timing }).resolveParked(orderId);\n';
const react =
  '  const delivery = await (release ? service.react(event, release) : service.react(event));\n';

const xaChanges: Change[] = [
  [
    'the points’ branch is ended before the stock’s',
    {
      file: 'workflows/xa.ts',
      from: 'participantsIn(order).map((one) => this.end(order, one, end))',
      to: '[...participantsIn(order)].reverse().map((one) => this.end(order, one, end))',
    },
    ['xa-completed', 'xa-adopted-after-complete', 'xa-local-completed'],
  ],
  [
    'a branch in doubt raises no alert',
    {
      file: 'workflows/xa.ts',
      from: "await this.run.alert({ orderId, kind: 'branch-in-doubt', detail });",
      to: '',
    },
    ['xa-commit-in-doubt', 'xa-rollback-in-doubt'],
  ],
  [
    'a branch that was ended by hand is checked again at once',
    { file: 'workflows/xa.ts', from: 'await sleep(pauseMs);', to: 'await Promise.resolve(sleep);' },
    ['xa-heuristic-rollback', 'xa-heuristic-commit'],
  ],
  [
    'a prepared order is decided although its workflow is cancelled',
    {
      file: 'workflows/shared/run.ts',
      from: 'await this.shielded.decideOrders(',
      to: 'await this.order.decideOrders(',
    },
    ['xa-cancelled-by-operator', 'xa-cancelled-once-prepared'],
  ],
  [
    'the scanner cancels without reading the decision',
    {
      file: 'workflows/recovery/scan.ts',
      from: 'const standing = await orderSteps({ timing }).readDecisions(ids);',
      to: "const standing = await Promise.resolve(ids.map(() => 'undecided' as const));",
    },
    ['scan-decided', 'scan-undecided', 'scan-too-young', 'scan-unknown-order'],
  ],
];

const choreographyChanges: Change[] = [
  [
    'a released event is tried before its alert is resolved',
    {
      file: 'workflows/choreography.ts',
      from: `${resolveParked}${react}`,
      to: `${react}${resolveParked}`,
    },
    ['delivery-released', 'delivery-released-in-vain'],
  ],
  [
    'a parked event raises no alert',
    {
      file: 'workflows/choreography.ts',
      from: 'await run.alert(parked);',
      to: '',
    },
    ['choreography-parked', 'choreography-local-parked'],
  ],
  [
    'there is no pause between two checks',
    {
      file: 'workflows/choreography.ts',
      from: 'await condition(() => cancelled.seen && !heeded, pauseMs);',
      to: 'await condition(() => cancelled.seen || !heeded);',
    },
    ['choreography-delivered-by-others'],
  ],
  [
    'the services are asked for their events in another order',
    {
      file: 'workflows/choreography.ts',
      from: 'services.map(async (service)',
      to: '[...services].reverse().map(async (service)',
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
      from: '[product, point] as const',
      to: '[point, product] as const',
    },
    ['completed', 'worker-lost-midway', 'local-completed', 'adopted'],
  ],
  [
    'a failed compensation is no longer registered',
    {
      file: 'workflows/shared/run.ts',
      from: 'if (failed.length > 0) await this.order.registerCompensations(failed);',
      to: '',
    },
    ['compensation-failing', 'local-compensation-failing'],
  ],
  [
    'a broken order is no longer put aside',
    {
      file: 'workflows/shared/run.ts',
      from: 'if (broken.length > 0) await this.shielded.holdOrders([...broken]);',
      to: '',
    },
    ['broken-step', 'mixed-batch', 'local-mixed-batch'],
  ],
  [
    'the worst status is no longer shown',
    {
      file: 'workflows/ui/batch-view.ts',
      from: 'else showWorstStatus(result.cancelled > 0',
      to: 'else void (result.cancelled > 0',
    },
    ['completed', 'rejected-stock', 'adopted-after-cancel'],
  ],
  [
    'the drain records nothing',
    {
      file: 'workflows/recovery/drain.ts',
      from: 'await this.order.recordCompensations(results);',
      to: '',
    },
    ['drain-by-schedule', 'drain-failing'],
  ],
  [
    'the drain does not read the due rows',
    {
      file: 'workflows/recovery/drain.ts',
      from: 'await this.order.dueCompensations(query);',
      to: 'await Promise.resolve({ orders: [], last: null, query });',
    },
    ['drain-nothing', 'drain-failing'],
  ],
  [
    'adoption starts no workflow',
    {
      file: 'workflows/recovery/adopt.ts',
      from: 'if (orders.length === 0) return undefined;',
      to: 'if (orders.length > 0) return undefined;',
    },
    ['adopt-orders'],
  ],
  [
    'adoption checks no owner',
    {
      file: 'workflows/recovery/adopt.ts',
      from: "let afterOwner: string | null = input.from?.afterOwner ?? '';",
      to: 'let afterOwner: string | null = null as string | null;',
    },
    ['adopt-nothing', 'adopt-orders'],
  ],
  [
    'a look starts no run',
    {
      file: 'workflows/recovery/look.ts',
      from: 'const wanted = recoveryKinds.filter((kind) => found[kind]);',
      to: 'const wanted = recoveryKinds.filter((kind) => found[kind] === undefined);',
    },
    ['look-work'],
  ],
  [
    'a look is not recorded',
    { file: 'workflows/recovery/look.ts', from: 'await order.noteLook(found);', to: '' },
    ['look-nothing', 'look-service-away', 'look-work'],
  ],
  [
    'a transaction that was given up is no longer decided',
    {
      file: 'workflows/shared/run.ts',
      from: 'await this.shielded.decideOrders(items.map(verdictOf));',
      to: "await Promise.resolve(items.map(verdictOf).map(() => 'CANCEL' as const));",
    },
    ['lock-unavailable', 'lock-cancelled-by-operator'],
  ],
  [
    'a step without an answer in the first part of its time is given up',
    {
      file: 'workflows/shared/patience.ts',
      from: "left < retryMsMax || !patched('downtime-does-not-count')",
      to: 'left <= actionMsMax || patched.length > 1',
    },
    ['answered-at-length', 'local-answered-at-length', 'xa-answered-at-length'],
  ],
  ...xaChanges,
  ...tccChanges,
  ...choreographyChanges,
];
