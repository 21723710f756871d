import {
  broken,
  good,
  scenariosOf,
  shortOfPoints,
  shortOfStock,
  type OrderPlan,
  type Scenario,
} from '../scenarios';
import { aroundSteps, close, decide, enterBarrier, hold, type Step } from '../step';

const times = (count: number, plan: OrderPlan) => Array.from({ length: count }, () => plan);

/** What only the saga has: a registry of what is owed, and batches. */
const sagaScenarios = {
  owingStock: {
    name: 'too few points, and the stock cannot be given back yet',
    pattern: 'saga',
    orders: [shortOfPoints],
    start: 'place',
    owes: [{ service: 'product', enter: enterBarrier('restoreStock') }],
  },
  owingPoints: {
    name: 'too little stock, and the points cannot be given back yet',
    pattern: 'saga',
    orders: [shortOfStock],
    start: 'place',
    owes: [{ service: 'point', enter: enterBarrier('refundPoints') }],
  },
  forty: {
    name: 'forty at once, eleven of them refused, one broken',
    pattern: 'saga',
    orders: [...times(28, good), ...times(6, shortOfStock), ...times(5, shortOfPoints), broken],
    start: 'batch',
  },
  fortyOwing: {
    name: 'forty at once, five of them short of points, whose stock cannot be given back yet',
    pattern: 'saga',
    orders: [...times(35, good), ...times(5, shortOfPoints)],
    start: 'batch',
    owes: [{ service: 'product', enter: enterBarrier('restoreStock') }],
  },
} satisfies Record<string, Scenario>;

const scenarios = { ...scenariosOf('saga'), ...sagaScenarios };
const { claim, adopt } = aroundSteps(scenarios);

const deductStock = {
  name: 'deductStock',
  kind: 'action',
  driver: 'owner',
  service: 'product',
  enter: enterBarrier('deductStock'),
  skip: 0,
  effect: /stock_ledger/,
  subject: 'good',
  locks: ['barrier', 'balance'],
} as const;
const usePoints = {
  ...deductStock,
  name: 'usePoints',
  service: 'point',
  enter: enterBarrier('usePoints'),
  effect: /point_ledger/,
} as const;
const restoreStock = {
  ...deductStock,
  name: 'restoreStock',
  kind: 'compensation',
  enter: enterBarrier('restoreStock'),
  subject: 'short-of-points',
} as const;
const refundPoints = {
  ...restoreStock,
  name: 'refundPoints',
  service: 'point',
  enter: enterBarrier('refundPoints'),
  effect: /point_ledger/,
  subject: 'short-of-stock',
} as const;
const register = {
  ...close,
  name: 'registerCompensations',
  effect: /insert into `compensations`/,
} as const;
const drained = {
  ...restoreStock,
  name: 'restoreStock, drained',
  driver: 'drain',
  resumes: true,
} as const;
const recordDrained = {
  ...close,
  name: 'recordCompensations',
  driver: 'drain',
  resumes: true,
  skip: 0,
  effect: /update compensations /,
  locks: ['order', 'compensation'],
} as const;
const alone: Step[] = [
  claim,
  { ...deductStock, scenario: scenarios.placed },
  { ...usePoints, scenario: scenarios.placed },
  { ...decide, name: 'decideOrders (COMPLETE)', scenario: scenarios.placed },
  {
    ...decide,
    name: 'decideOrders (CANCEL)',
    kind: 'record',
    subject: 'short-of-points',
    scenario: scenarios.refusedPoints,
  },
  {
    ...decide,
    name: 'decideOrders (CANCEL), then owing',
    kind: 'record',
    subject: 'short-of-points',
    scenario: scenarios.owingStock,
  },
  { ...restoreStock, scenario: scenarios.refusedPoints },
  { ...refundPoints, scenario: scenarios.refusedStock },
  { ...close, scenario: scenarios.refusedPoints },
  { ...hold, scenario: scenarios.broken },
  { ...register, scenario: scenarios.owingStock },
  { ...drained, scenario: scenarios.owingStock },
  {
    ...refundPoints,
    name: 'refundPoints, drained',
    driver: 'drain',
    resumes: true,
    scenario: scenarios.owingPoints,
  },
  { ...recordDrained, scenario: scenarios.owingStock },
  adopt,
];

const inBatch: Step[] = [
  deductStock,
  usePoints,
  { ...decide, locks: ['order', 'order'] as const },
  hold,
  restoreStock,
  refundPoints,
  { ...close, locks: ['order', 'order'] as const },
  { ...register, locks: ['order', 'order'] as const, scenario: scenarios.fortyOwing },
  { ...drained, scenario: scenarios.fortyOwing },
  { ...recordDrained, scenario: scenarios.fortyOwing },
].map((step) => ({ scenario: scenarios.forty, ...step, name: `${step.name} ×40` }));

/** The saga's steps, each where it is needed, alone and among forty. */
export const sagaSteps: Step[] = [...alone, ...inBatch];
