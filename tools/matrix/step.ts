import type { TransactionMatcher } from './transaction-matcher';
import type { Service } from '../../contracts/participants';
import { second } from './participants';
import { shortOf, type End, type OrderPlan, type Scenario, type Scenarios } from './scenarios';

/** Who has the step made: a schedule's workflow, an event's delivery, or a relay among others. */
export type Driver =
  | 'api'
  | 'owner'
  | 'drain'
  | 'force'
  | 'adoption'
  | 'sweep'
  | 'scan'
  | 'resolution'
  | 'delivery'
  | 'release'
  | 'relay';

/** Those whose workflow is a schedule's, which serves all orders at once. */
export const scheduledDrivers: readonly Driver[] = ['drain', 'force', 'adoption', 'sweep', 'scan'];

/** A row that somebody else may hold: which, is filled in for the cell's order. */
export type LockedRow =
  | 'barrier'
  | 'balance'
  | 'last-balance'
  | 'order'
  | 'compensation'
  | 'inbox'
  | 'outbox'
  | 'tombstone'
  | 'reservation'
  | 'resolution'
  | 'alert';

/** A step of a protocol, as the matrix breaks it. A protocol joins by declaring its own. */
export interface Step extends TransactionMatcher {
  name: string;
  /**
   * `ending`: carries out what was decided. `reaction`: of a participant to an event. `freeze`: of an
   * operator's resolution. `look`: writes nothing.
   */
  kind:
    | 'claim'
    | 'action'
    | 'decision'
    | 'ending'
    | 'compensation'
    | 'record'
    | 'reaction'
    | 'freeze'
    | 'look';
  driver: Driver;
  /** To whom the event goes whose delivery makes the step; to its service unless it says otherwise. */
  subscriber?: Service;
  /** Its COMMIT is the decision: an interruption may come too late. */
  decides?: true;
  scenario: Scenario;
  /** A reply that comes before it, after a cancel, and so has what it would do undone first. */
  overtakenBy?: TransactionMatcher;
  /** Its transaction may be that of other orders too, so that no other cell runs beside it. */
  shared?: true;
  /** The one who wanted it made does not wait for an answer. */
  nobodyWaits?: true;
  /** It is broken only once its order waits, PENDING, for what the scenario owes. */
  resumes?: true;
  /** How its order may end, where a fault decides otherwise for this step than for others; by `nameOf`. */
  ends?: Record<string, End[]>;
  /** So many transactions of the same order begin with the same statement before it. */
  skip: number;
  /** What its transaction says that no other does: proof that it was this one that was caught. */
  effect: RegExp;
  /** Whose order is watched. */
  subject: OrderPlan['kind'];
  /** The first and the last of the rows that it waits for, as it locks them; both may be one. */
  locks: readonly [] | readonly [LockedRow] | readonly [LockedRow, LockedRow];
  /** Its so-manyth statement waits for the last of them; the third unless this says otherwise. */
  waitsAt?: number;
}

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
  subject: shortOf(second).kind,
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
      enter: /^select `order_id`, `owner` from orders .*skip locked$/i,
      effect: /set `owner`/,
      // It skips a row that is held.
      locks: [],
      scenario: scenarios.abandoned,
    },
  };
}

/** Of a pattern whose COMPLETE comes before its effects: what ends the order in the end. */
export const complete = {
  ...close,
  name: 'completeOrders',
  effect: /`status` = 'COMPLETED'/,
  subject: 'good',
} as const;
