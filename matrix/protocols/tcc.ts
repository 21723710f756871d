import { good, scenariosOf, shortOfPoints, type Scenario } from '../scenarios';
import { aroundSteps, close, complete, decide, enterBarrier, hold, type Step } from '../step';
import { tccRecoverySteps } from './tcc-recovery';

const owingConfirm: Scenario = {
  name: 'the stock cannot be confirmed yet',
  pattern: 'tcc',
  orders: [good],
  start: 'place',
  owes: [{ service: 'product', enter: enterBarrier('confirmStock') }],
};
const owingCancel: Scenario = {
  name: 'too few points, and the stock cannot be cancelled yet',
  pattern: 'tcc',
  orders: [shortOfPoints],
  start: 'place',
  owes: [{ service: 'product', enter: enterBarrier('cancelStock') }],
};
const scenarios = { ...scenariosOf('tcc'), owingConfirm, owingCancel };
const { claim, adopt } = aroundSteps(scenarios);

const tryStock = {
  name: 'tryStock',
  kind: 'action',
  driver: 'owner',
  service: 'product',
  enter: enterBarrier('tryStock'),
  skip: 0,
  effect: /insert into `reservations`/,
  subject: 'good',
  locks: ['barrier', 'balance'],
  scenario: scenarios.placed,
} as const;
const tryPoints = {
  ...tryStock,
  name: 'tryPoints',
  service: 'point',
  enter: enterBarrier('tryPoints'),
} as const;
/** Barrier rows, those of the phase, the reservations, and then the balances. */
const waitsAt = 5;
const confirmStock = {
  ...tryStock,
  name: 'confirmStock',
  kind: 'ending',
  enter: enterBarrier('confirmStock'),
  effect: /stock_ledger/,
  waitsAt,
} as const;
const confirmPoints = {
  ...confirmStock,
  name: 'confirmPoints',
  service: 'point',
  enter: enterBarrier('confirmPoints'),
  effect: /point_ledger/,
} as const;
const cancelStock = {
  ...confirmStock,
  name: 'cancelStock',
  enter: enterBarrier('cancelStock'),
  effect: /`state` = 'cancelled'/,
  subject: 'short-of-points',
  scenario: scenarios.refusedPoints,
} as const;
const cancelPoints = {
  ...cancelStock,
  name: 'cancelPoints',
  service: 'point',
  enter: enterBarrier('cancelPoints'),
  subject: 'short-of-stock',
  scenario: scenarios.refusedStock,
} as const;
const alert = { ...close, name: 'alertOrders', effect: /confirmation-failing/ } as const;

/** The steps of Try, Confirm, Cancel, and of what ends an order that waits. */
export const tccSteps: Step[] = [
  claim,
  tryStock,
  tryPoints,
  { ...decide, name: 'decideOrders (COMPLETE)', scenario: scenarios.placed },
  confirmStock,
  confirmPoints,
  { ...complete, scenario: scenarios.placed },
  {
    ...decide,
    name: 'decideOrders (CANCEL)',
    kind: 'record',
    subject: 'short-of-points',
    scenario: scenarios.refusedPoints,
  },
  cancelStock,
  cancelPoints,
  { ...close, scenario: scenarios.refusedPoints },
  { ...hold, scenario: scenarios.broken },
  { ...alert, subject: 'good', scenario: scenarios.owingConfirm },
  {
    ...confirmStock,
    name: 'confirmStock, forced',
    driver: 'force',
    resumes: true,
    scenario: scenarios.owingConfirm,
  },
  {
    ...cancelStock,
    name: 'cancelStock, adopted',
    resumes: true,
    scenario: scenarios.owingCancel,
  },
  adopt,
  ...tccRecoverySteps,
];
