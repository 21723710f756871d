import type { Service } from '../contracts/order';
import type { OrderPlan, Scenario, Scenarios } from './scenarios';

/** Who has the step made. */
export type Driver = 'api' | 'owner' | 'drain' | 'adoption';

/** A worker's own way to its databases. */
export type Door = Service | 'lock';

/** A row that somebody else may hold: which, is filled in for the cell's order. */
export type LockedRow = 'barrier' | 'balance' | 'account' | 'order' | 'compensation';

/** A step of a protocol, as the matrix breaks it. A protocol joins by declaring its own. */
export interface Step {
  name: string;
  kind: 'claim' | 'action' | 'decision' | 'compensation' | 'record';
  driver: Driver;
  /** Whose database it is made in. */
  service: Service;
  /** Which worker makes it, and through which proxy; the service's own unless it says otherwise. */
  door?: Door;
  /** Its COMMIT is the decision: whoever interrupts it may come too late. */
  decides?: true;
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

/** Through which proxy the step goes. */
export function doorOf({ door, service }: Step): Door {
  return door ?? service;
}

/** The first statement of a participant's step: it takes its barrier row, and no row of `not`. */
export const enterBarrier = (step: string, not?: string) =>
  new RegExp(
    `^INSERT INTO steps \\(order_id, step, hash\\) VALUES (?!.*'${not ?? '-'}').*'${step}'`,
  );
/** The first statement of most of the order service's steps. */
export const lockOrder = /from orders FORCE INDEX \(PRIMARY\).*for update/i;

/** The decision, as the saga's and everybody's `decideOrders` writes it. */
export const decide = {
  name: 'decideOrders',
  kind: 'decision',
  driver: 'owner',
  service: 'order',
  enter: lockOrder,
  skip: 0,
  effect: /`decision` = '(COMPLETE|CANCEL)'/,
  subject: 'good',
  locks: ['order'],
} as const;
/** Also of whatever else the order service only records. */
export const close = {
  ...decide,
  name: 'closeOrders',
  kind: 'record',
  skip: 1,
  effect: /`status` = 'CANCELLED'/,
  subject: 'short-of-points',
} as const;
export const hold = {
  ...decide,
  name: 'holdOrders',
  kind: 'record',
  effect: /broken-step/,
  subject: 'broken',
} as const;

/** What every protocol has before its first step and beside its last: claim, and adoption. */
export function aroundSteps(scenarios: Pick<Scenarios, 'placed' | 'abandoned'>): {
  claim: Step;
  adopt: Step;
} {
  return {
    claim: {
      ...decide,
      name: 'claim',
      kind: 'claim',
      driver: 'api',
      enter: /UPDATE orders FORCE INDEX/,
      effect: /SET status = 'PLACING'/,
      scenario: scenarios.placed,
    },
    adopt: {
      ...decide,
      name: 'adoptOrder',
      kind: 'record',
      driver: 'adoption',
      enter: /^update `orders` set `owner`/,
      effect: /set `owner`/,
      scenario: scenarios.abandoned,
    },
  };
}
