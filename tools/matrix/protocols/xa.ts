import { participants } from '../../../contracts/participants';
import { enterBarrier, first, inLedger, others, second, type Participant } from '../participants';
import { good, scenariosOf, shortOf, type Scenario } from '../scenarios';
import { aroundSteps, close, complete, decide, hold, type Step } from '../step';
import { xaRecoverySteps } from './xa-recovery';

const byGtrid = ({ gtrid }: { gtrid: string }) => gtrid;

const owingCommit: Scenario = {
  name: `the ${first.label}’s branch cannot be committed yet`,
  pattern: 'xa',
  orders: [good],
  start: 'place',
  owes: [{ service: first.name, enter: /^XA COMMIT/, names: byGtrid }],
};
const scenarios = scenariosOf('xa');
const { claim, adopt } = aroundSteps(scenarios);
const refused = scenarios.refusedBy(second);

/** The branch is the transaction: its PREPARE keeps what it has done. */
const prepare = (participant: Participant) =>
  ({
    name: participant.steps.xa.prepare,
    kind: 'action',
    driver: 'owner',
    service: participant.name,
    enter: /^XA START/,
    names: byGtrid,
    skip: 0,
    effect: inLedger(participant),
    subject: 'good',
    locks: ['barrier', 'balance'],
    scenario: scenarios.placed,
  }) as const;
/** A statement by itself, of a branch that no session holds. */
const commit = (participant: Participant) =>
  ({
    ...prepare(participant),
    name: participant.steps.xa.commit,
    kind: 'ending',
    enter: /^XA COMMIT/,
    effect: /^XA COMMIT/,
    locks: [],
  }) as const;
const { rollback: rollbackFirst } = first.steps.xa;
const rollback = {
  ...commit(first),
  name: rollbackFirst,
  enter: /^XA ROLLBACK/,
  effect: /^XA ROLLBACK/,
  subject: shortOf(second).kind,
  scenario: refused,
} as const;
/** So that the branch of a frozen worker cannot be prepared any more. */
const entomb: Step = {
  ...rollback,
  name: `${rollbackFirst} (tombstone)`,
  enter: enterBarrier(rollbackFirst),
  names: ({ orderId }) => orderId,
  effect: /cancelled/,
  locks: ['tombstone'],
};
/** It has refused, and committed that, or was never asked: there is no branch to be ended. */
const rollbackOther = (participant: Participant): Step => ({
  ...entomb,
  name: participant.steps.xa.rollback,
  service: participant.name,
  enter: enterBarrier(participant.steps.xa.rollback),
  locks: [participant === second ? 'barrier' : 'tombstone'],
  effect: new RegExp(`'${participant.steps.xa.prepare}'`),
});

/** Two-phase commit's steps: the branches, the decision between, and what ends them. */
export const xaSteps: Step[] = [
  claim,
  {
    ...prepare(first),
    name: `${first.steps.xa.prepare} (note)`,
    enter: /^INSERT INTO xa_branches/,
    effect: /xa_branches/,
    names: ({ orderId }) => orderId,
    locks: [],
  },
  ...participants.map(prepare),
  { ...decide, name: 'decideOrders (COMPLETE)', scenario: scenarios.placed },
  ...participants.map(commit),
  { ...complete, scenario: scenarios.placed },
  {
    ...decide,
    name: 'decideOrders (CANCEL)',
    kind: 'record',
    subject: shortOf(second).kind,
    scenario: refused,
  },
  rollback,
  entomb,
  ...others.map(rollbackOther),
  { ...close, scenario: refused },
  { ...hold, scenario: scenarios.broken },
  {
    ...close,
    name: 'alertOrders (in doubt)',
    effect: /branch-in-doubt/,
    subject: 'good',
    scenario: owingCommit,
  },
  {
    ...commit(first),
    name: `${first.steps.xa.commit}, in doubt`,
    resumes: true,
    scenario: owingCommit,
  },
  adopt,
  ...xaRecoverySteps,
];
