import {
  leftFrozen,
  lockReservations,
  resolutionId,
  resolved,
  resolvedByHand,
  sweptCancel,
  sweptConfirm,
} from '../arrange-tcc';
import { participants } from '../../../contracts/participants';
import { atBarrier, first, inLedger, labelsOf, others, owed, second } from '../participants';
import { good, shortOf, type End, type OrderPlan, type Scenario } from '../scenarios';
import { decide, type Step } from '../step';

/** What becomes of an order of TCC that waits: an operator's resolution, and the sweep. */

const completed: End[] = [{ status: 'COMPLETED' }];
const byOperator: End = { status: 'CANCELLED', reason: 'cancelled-by-operator' };
const steps = first.steps.tcc;
const confirmFirst = owed(first, steps.confirm);
const confirms = participants.map((one) => owed(one, one.steps.tcc.confirm));

const waiting = { pattern: 'tcc', start: 'place' } as const;
const cancelled: OrderPlan = { kind: 'good', end: byOperator };
const overturned: Scenario = {
  ...waiting,
  name: 'nothing can be confirmed, and an operator cancels it',
  orders: [cancelled],
  owes: confirms,
  arrangement: resolved,
};
const overturnedByHand: Scenario = { ...overturned, arrangement: resolvedByHand };
const unsafe: Scenario = {
  ...waiting,
  name: `the ${labelsOf(others)} are confirmed, and an operator wants to cancel it`,
  orders: [good],
  owes: [confirmFirst],
  arrangement: resolved,
};
const unsafeByHand: Scenario = { ...unsafe, arrangement: resolvedByHand };
const frozen: Scenario = {
  ...waiting,
  name: 'the resolution dies when it has frozen everything',
  orders: [good],
  owes: confirms,
  arrangement: leftFrozen,
};
const oldConfirm: Scenario = {
  ...waiting,
  name: `its reservation of ${first.label} is old, and is to be confirmed`,
  orders: [good],
  owes: [confirmFirst],
  arrangement: sweptConfirm,
};
const oldCancel: Scenario = {
  ...waiting,
  name: `its reservation of ${first.label} is old, and is to be cancelled`,
  orders: [shortOf(second)],
  owes: [owed(first, steps.cancel)],
  arrangement: sweptCancel,
};

const resolution = {
  ...decide,
  driver: 'resolution',
  kind: 'record',
  resumes: true,
  scenario: overturned,
} as const;
/** Adoption drives the order on, whose decision stands as long as nobody has changed it. */
const diesEarly = { 'workflow terminated, before the COMMIT': completed };
const freeze: Step = {
  ...resolution,
  name: steps.freeze,
  kind: 'freeze',
  service: first.name,
  enter: lockReservations,
  opens: true,
  effect: /`state` = 'frozen'/,
  locks: ['reservation'],
  waitsAt: 1,
  ends: diesEarly,
};
const thaw: Step = {
  ...freeze,
  name: steps.thaw,
  kind: 'compensation',
  // The freeze is the first.
  skip: 1,
  effect: /`state` = 'reserved'/,
  scenario: unsafe,
  ends: {},
};
/** Its first statement names its workflow, and no order. */
const closeResolution: Step = {
  ...resolution,
  name: 'closeResolution',
  enter: /^select .*from `resolutions`/,
  names: ({ orderId }) => resolutionId(orderId),
  opens: true,
  effect: /update `resolutions`/,
  locks: ['resolution'],
  scenario: overturnedByHand,
  nobodyWaits: true,
};

const sweep = {
  ...confirmFirst,
  name: `${steps.confirm}, swept`,
  kind: 'ending',
  driver: 'sweep',
  resumes: true,
  skip: 0,
  effect: inLedger(first),
  subject: 'good',
  locks: ['barrier', 'balance'],
  waitsAt: 5,
  scenario: oldConfirm,
} as const;

export const tccRecoverySteps: Step[] = [
  {
    ...resolution,
    name: 'openResolution',
    effect: /insert into `resolutions`/,
    ends: diesEarly,
  },
  freeze,
  ...others.map((one): Step => ({ ...freeze, name: one.steps.tcc.freeze, service: one.name })),
  {
    ...resolution,
    name: 'overturnDecision',
    enter: /^update `orders` set `decision` = 'CANCEL'.*`owner` = 'resolve-/,
    effect: /set `decision` = 'CANCEL'/,
  },
  closeResolution,
  thaw,
  ...others.map((one): Step => ({
    ...thaw,
    name: one.steps.tcc.thaw,
    service: one.name,
    // They are confirmed: it finds nothing to thaw.
    effect: /from reservations FORCE INDEX/,
  })),
  {
    ...closeResolution,
    name: 'closeResolution (unsafe)',
    effect: /update `orders` set `owner`.*update `resolutions`/,
    locks: ['order', 'resolution'],
    scenario: unsafeByHand,
  },
  {
    ...resolution,
    name: 'lastResolution, adopted',
    kind: 'look',
    driver: 'owner',
    enter: /^select `owner` from `orders`.*for update/,
    opens: true,
    effect: /max\(`resolution_id`\)/,
    scenario: frozen,
  },
  { ...thaw, name: `${steps.thaw}, adopted`, driver: 'owner', skip: 0, scenario: frozen },
  {
    ...sweep,
    name: steps.aged,
    kind: 'look',
    enter: /^select .*from reservations FORCE INDEX \(PRIMARY\)(?!.*for update)/,
    effect: /from reservations FORCE INDEX/,
    locks: [],
  },
  {
    ...sweep,
    name: 'readDecisions, swept',
    kind: 'look',
    service: 'order',
    enter: /^select `order_id`, `decision` from `orders` where `order_id` in/,
    effect: /from `orders` where `order_id` in/,
    locks: [],
  },
  sweep,
  {
    ...sweep,
    name: 'resolveHeld',
    kind: 'record',
    service: 'order',
    enter: /^update alerts FORCE INDEX .*'reservation-held'/,
    effect: /'reservation-held'/,
    locks: [],
  },
  {
    ...sweep,
    ...atBarrier(first, steps.cancel),
    name: `${steps.cancel}, swept`,
    effect: /`state` = 'cancelled'/,
    subject: shortOf(second).kind,
    scenario: oldCancel,
  },
];
