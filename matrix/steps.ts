import type { Service } from '../contracts/order';
import { scenarios, type OrderPlan, type Scenario } from './scenarios';

/** Who has the step made. */
export type Driver = 'api' | 'saga' | 'drain' | 'adoption';

/** A row that somebody else may hold: which, is filled in for the cell's order. */
export type LockedRow = 'barrier' | 'balance' | 'order' | 'compensation';

/** A step of a protocol, as the matrix breaks it. A protocol joins by declaring its own. */
export interface Step {
  name: string;
  kind: 'claim' | 'action' | 'decision' | 'compensation' | 'record';
  driver: Driver;
  service: Service;
  scenario: Scenario;
  /** The first statement of its transaction, and how many such of the same order come before it. */
  enter: RegExp;
  skip: number;
  /** What its transaction says that no other does: proof that it was this one that was caught. */
  effect: RegExp;
  /** Whose order is watched. */
  subject: OrderPlan['kind'];
  /** The rows that it waits for, in the order in which it locks them. */
  locks: readonly [LockedRow] | readonly [LockedRow, LockedRow];
}

const enterBarrier = (step: string, not?: string) =>
  new RegExp(
    `^INSERT INTO steps \\(order_id, step, hash\\) VALUES (?!.*'${not ?? '-'}').*'${step}'`,
  );
const lockOrder = /from orders FORCE INDEX \(PRIMARY\).*for update/i;

const deductStock = {
  name: 'deductStock',
  kind: 'action',
  driver: 'saga',
  service: 'product',
  enter: enterBarrier('deductStock', 'restoreStock'),
  skip: 0,
  effect: /stock_ledger/,
  subject: 'good',
  locks: ['barrier', 'balance'],
} as const;
const usePoints = {
  ...deductStock,
  name: 'usePoints',
  service: 'point',
  enter: enterBarrier('usePoints', 'refundPoints'),
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
const decide = {
  name: 'decideOrders',
  kind: 'decision',
  driver: 'saga',
  service: 'order',
  enter: lockOrder,
  skip: 0,
  effect: /`decision` = '(COMPLETE|CANCEL)'/,
  subject: 'good',
  locks: ['order'],
} as const;
const close = {
  ...decide,
  name: 'closeOrders',
  kind: 'record',
  skip: 1,
  effect: /`status` = 'CANCELLED'/,
  subject: 'short-of-points',
} as const;
const hold = {
  ...decide,
  name: 'holdOrders',
  kind: 'record',
  effect: /broken-step/,
  subject: 'broken',
} as const;

const alone: Step[] = [
  {
    ...decide,
    name: 'claim',
    kind: 'claim',
    driver: 'api',
    enter: /UPDATE orders FORCE INDEX/,
    effect: /SET status = 'PLACING'/,
    scenario: scenarios.placed,
  },
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
  { ...restoreStock, scenario: scenarios.refusedPoints },
  { ...refundPoints, scenario: scenarios.refusedStock },
  { ...close, scenario: scenarios.refusedPoints },
  { ...hold, scenario: scenarios.broken },
  {
    ...close,
    name: 'registerCompensations',
    effect: /insert into `compensations`/,
    scenario: scenarios.owingStock,
  },
  {
    ...restoreStock,
    name: 'restoreStock, drained',
    driver: 'drain',
    scenario: scenarios.owingStock,
  },
  {
    ...refundPoints,
    name: 'refundPoints, drained',
    driver: 'drain',
    scenario: scenarios.owingPoints,
  },
  {
    ...close,
    name: 'recordCompensations',
    driver: 'drain',
    skip: 0,
    effect: /update `compensations`/,
    locks: ['order', 'compensation'],
    scenario: scenarios.owingStock,
  },
  {
    ...decide,
    name: 'adoptOrder',
    kind: 'record',
    driver: 'adoption',
    enter: /^update `orders` set `owner`/,
    effect: /set `owner`/,
    scenario: scenarios.abandoned,
  },
];

const inBatch: Step[] = [
  deductStock,
  usePoints,
  { ...decide, locks: ['order', 'order'] as const },
  hold,
  restoreStock,
  refundPoints,
  { ...close, locks: ['order', 'order'] as const },
].map((step) => ({ ...step, name: `${step.name} ×40`, scenario: scenarios.forty }));

/** The saga's steps, each where it is needed, alone and among forty. */
export const sagaSteps: Step[] = [...alone, ...inBatch];
