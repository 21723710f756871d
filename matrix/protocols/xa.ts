import { good, scenariosOf, type Scenario } from '../scenarios';
import { aroundSteps, close, complete, decide, enterBarrier, hold, type Step } from '../step';
import { xaRecoverySteps } from './xa-recovery';

const byGtrid = ({ gtrid }: { gtrid: string }) => gtrid;

const owingCommit: Scenario = {
  name: 'the stock’s branch cannot be committed yet',
  pattern: 'xa',
  orders: [good],
  start: 'place',
  owes: [{ service: 'product', enter: /^XA COMMIT/, names: byGtrid }],
};
const scenarios = { ...scenariosOf('xa'), owingCommit };
const { claim, adopt } = aroundSteps(scenarios);

/** The branch is the transaction: its PREPARE keeps what it has done. */
const prepareStock = {
  name: 'prepareStock',
  kind: 'action',
  driver: 'owner',
  service: 'product',
  enter: /^XA START/,
  names: byGtrid,
  skip: 0,
  effect: /stock_ledger/,
  subject: 'good',
  locks: ['barrier', 'balance'],
  scenario: scenarios.placed,
} as const;
/** A statement by itself, of a branch that no session holds. */
const commitStock = {
  ...prepareStock,
  name: 'commitStock',
  kind: 'ending',
  enter: /^XA COMMIT/,
  effect: /^XA COMMIT/,
  locks: [],
} as const;
const rollbackStock = {
  ...commitStock,
  name: 'rollbackStock',
  enter: /^XA ROLLBACK/,
  effect: /^XA ROLLBACK/,
  subject: 'short-of-points',
  scenario: scenarios.refusedPoints,
} as const;
/** So that the branch of a frozen worker cannot be prepared any more. */
const entombStock: Step = {
  ...rollbackStock,
  name: 'rollbackStock (tombstone)',
  enter: enterBarrier('rollbackStock'),
  names: ({ orderId }) => orderId,
  effect: /cancelled/,
  locks: ['tombstone'],
};

/** Two-phase commit's steps: the branches, the decision between, and what ends them. */
export const xaSteps: Step[] = [
  claim,
  {
    ...prepareStock,
    name: 'prepareStock (note)',
    enter: /^INSERT INTO xa_branches/,
    effect: /xa_branches/,
    names: ({ orderId }) => orderId,
    locks: [],
  },
  prepareStock,
  { ...prepareStock, name: 'preparePoints', service: 'point', effect: /point_ledger/ },
  { ...decide, name: 'decideOrders (COMPLETE)', scenario: scenarios.placed },
  commitStock,
  { ...commitStock, name: 'commitPoints', service: 'point' },
  { ...complete, scenario: scenarios.placed },
  {
    ...decide,
    name: 'decideOrders (CANCEL)',
    kind: 'record',
    subject: 'short-of-points',
    scenario: scenarios.refusedPoints,
  },
  rollbackStock,
  entombStock,
  {
    ...entombStock,
    name: 'rollbackPoints',
    service: 'point',
    enter: enterBarrier('rollbackPoints'),
    locks: ['barrier'],
    effect: /'preparePoints'/,
  },
  { ...close, scenario: scenarios.refusedPoints },
  { ...hold, scenario: scenarios.broken },
  {
    ...close,
    name: 'alertOrders (in doubt)',
    effect: /branch-in-doubt/,
    subject: 'good',
    scenario: scenarios.owingCommit,
  },
  { ...commitStock, name: 'commitStock, in doubt', resumes: true, scenario: scenarios.owingCommit },
  adopt,
  ...xaRecoverySteps,
];
