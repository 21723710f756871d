import { leftDecided, leftPoints, leftUndecided } from '../arrange-xa';
import { good, type End, type OrderPlan, type Scenario } from '../scenarios';
import { decide, enterBarrier, type Step } from '../step';

/** What becomes of branches that a dead worker has left behind: the scanner's steps. */

const byGtrid = ({ gtrid }: { gtrid: string }) => gtrid;
const unavailable: End = { status: 'CANCELLED', reason: 'unavailable' };
const lost: OrderPlan = { kind: 'good', end: unavailable };

const undecided: Scenario = {
  name: 'a branch is left prepared, and nothing is decided',
  pattern: 'xa',
  orders: [lost],
  start: 'place',
  arrangement: leftUndecided,
};
const decided: Scenario = {
  name: 'a branch is left prepared, and is to be committed',
  pattern: 'xa',
  orders: [good],
  start: 'place',
  arrangement: leftDecided,
};
const pointsLeft: Scenario = {
  ...decided,
  name: 'the branch of the points is left prepared, and is to be committed',
  arrangement: leftPoints,
};

const scanned = { ...decide, driver: 'scan', resumes: true, scenario: undecided } as const;
const findStockBranches: Step = {
  ...scanned,
  name: 'findStockBranches',
  kind: 'look',
  service: 'product',
  enter: /^select .*from `xa_branches` where `gtrid` in/,
  names: byGtrid,
  effect: /from `xa_branches` where `gtrid` in/,
  locks: [],
};
/** A statement by itself, of a branch that no session holds. */
const rollbackStock: Step = {
  ...scanned,
  name: 'rollbackStock, scanned',
  kind: 'ending',
  service: 'product',
  enter: /^XA ROLLBACK/,
  names: byGtrid,
  effect: /^XA ROLLBACK/,
  locks: [],
};

export const xaRecoverySteps: Step[] = [
  findStockBranches,
  { ...findStockBranches, name: 'findPointBranches', service: 'point', scenario: pointsLeft },
  {
    ...scanned,
    name: 'readDecisions, scanned',
    kind: 'look',
    enter: /^select `order_id`, `decision` from `orders` where `order_id` in/,
    effect: /from `orders` where `order_id` in/,
    locks: [],
  },
  { ...scanned, name: 'decideOrders (CANCEL), scanned', kind: 'record' },
  rollbackStock,
  {
    ...rollbackStock,
    name: 'rollbackPoints, scanned',
    service: 'point',
    enter: enterBarrier('rollbackPoints'),
    names: ({ orderId }) => orderId,
    // Nothing is recorded of a branch that was only prepared: its tombstone waits for another's.
    locks: ['tombstone'],
    effect: /'preparePoints'/,
  },
  {
    ...rollbackStock,
    name: 'commitStock, scanned',
    enter: /^XA COMMIT/,
    effect: /^XA COMMIT/,
    scenario: decided,
  },
];
