import { leftDecided, leftUndecided } from '../arrange-xa';
import { enterBarrier, first, others, second, type Participant } from '../participants';
import { good, type End, type OrderPlan, type Scenario } from '../scenarios';
import { decide, type Step } from '../step';

/** What becomes of branches that a dead worker has left behind: the scanner's steps. */

const byGtrid = ({ gtrid }: { gtrid: string }) => gtrid;
const unavailable: End = { status: 'CANCELLED', reason: 'unavailable' };
const lost: OrderPlan = { kind: 'good', end: unavailable };

const undecidedAt = (participant: Participant): Scenario => ({
  name: 'a branch is left prepared, and nothing is decided',
  pattern: 'xa',
  orders: [lost],
  start: 'place',
  arrangement: leftUndecided(participant),
});
const undecided = undecidedAt(second);
const decided: Scenario = {
  name: 'a branch is left prepared, and is to be committed',
  pattern: 'xa',
  orders: [good],
  start: 'place',
  arrangement: leftDecided(first),
};
const left = (participant: Participant): Scenario => ({
  ...decided,
  name: `the branch of the ${participant.label} is left prepared, and is to be committed`,
  arrangement: leftDecided(participant),
});

const scanned = { ...decide, driver: 'scan', resumes: true, scenario: undecided } as const;
const find: Step = {
  ...scanned,
  name: first.steps.xa.find,
  kind: 'look',
  service: first.name,
  enter: /^select .*from `xa_branches` where `gtrid` in/,
  names: byGtrid,
  effect: /from `xa_branches` where `gtrid` in/,
  locks: [],
};
/** A statement by itself, of a branch that no session holds. */
const rollback: Step = {
  ...scanned,
  name: `${first.steps.xa.rollback}, scanned`,
  kind: 'ending',
  service: first.name,
  enter: /^XA ROLLBACK/,
  names: byGtrid,
  effect: /^XA ROLLBACK/,
  locks: [],
};

/** Of a branch that was noted, and never begun. */
const rollbackNoted = (participant: Participant): Step => {
  const { prepare, rollback: step } = participant.steps.xa;
  return {
    ...rollback,
    name: `${step}, scanned`,
    service: participant.name,
    enter: enterBarrier(step),
    names: ({ orderId }) => orderId,
    // Nothing is recorded of a branch that was only prepared: its tombstone waits for another's.
    locks: ['tombstone'],
    effect: new RegExp(`'${prepare}'`),
    scenario: undecidedAt(participant),
  };
};

export const xaRecoverySteps: Step[] = [
  find,
  ...others.map((one) => ({
    ...find,
    name: one.steps.xa.find,
    service: one.name,
    scenario: left(one),
  })),
  {
    ...scanned,
    name: 'readDecisions, scanned',
    kind: 'look',
    enter: /^select `order_id`, `decision` from `orders` where `order_id` in/,
    effect: /from `orders` where `order_id` in/,
    locks: [],
  },
  { ...scanned, name: 'decideOrders (CANCEL), scanned', kind: 'record' },
  rollback,
  ...others.map(rollbackNoted),
  {
    ...rollback,
    name: `${first.steps.xa.commit}, scanned`,
    enter: /^XA COMMIT/,
    effect: /^XA COMMIT/,
    scenario: decided,
  },
];
