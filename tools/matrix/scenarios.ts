import type { AlertKind } from '../../contracts/alerts';
import type { FailureCode } from '../../contracts/failures';
import type { Pattern } from '../../contracts/order';
import type { Label } from '../../contracts/participants';
import type { Arrangement } from './arrangement';
import type { TransactionMatcher } from './transaction-matcher';
import type { Participant } from './participants';

/** How an order may end, as the matrix promises it. */
export type End =
  | { status: 'COMPLETED' }
  | { status: 'CANCELLED'; reason: FailureCode }
  /** Waits for an operator, who has been told. */
  | { status: 'PENDING'; alert: AlertKind };

/** One order of a scenario: what there is for it, and therefore how it ends. */
export interface OrderPlan {
  kind: 'good' | `short-of-${Label}` | 'broken';
  end: End;
}

/** What happens around the step: which orders there are, and who begins. */
export interface Scenario {
  name: string;
  /** The protocol that its orders are placed by. */
  pattern: Pattern;
  orders: OrderPlan[];
  /**
   * `place`: a caller places them over HTTP. `batch`: they leave as one workflow, as the dispatcher
   * sends them under load. `abandoned`: claimed for a workflow that never begins.
   */
  start: 'place' | 'batch' | 'abandoned';
  /** The steps that fail until their order waits for them, PENDING. */
  owes?: TransactionMatcher[];
  /** What is done besides, for a step that is made only once an order waits, or is left alone. */
  arrangement?: Arrangement;
}

export const good: OrderPlan = { kind: 'good', end: { status: 'COMPLETED' } };
/** There is less than it asks of this one for. */
export const shortOf = ({ label, rejection }: Participant): OrderPlan => ({
  kind: `short-of-${label}`,
  end: { status: 'CANCELLED', reason: rejection.code },
});
/** The same in a scenario's name. */
export const tooLittle = ({ label }: Participant) =>
  `too ${label.endsWith('s') ? 'few' : 'little'} ${label}`;
export const broken: OrderPlan = {
  kind: 'broken',
  end: { status: 'PENDING', alert: 'broken-step' },
};

/** What every protocol goes through. */
const common = {
  placed: { name: 'placed', orders: [good], start: 'place' },
  broken: { name: 'a product that is gone', orders: [broken], start: 'place' },
  abandoned: { name: 'its workflow never began', orders: [good], start: 'abandoned' },
} satisfies Record<string, Omit<Scenario, 'pattern'>>;

export type Scenarios = Record<keyof typeof common, Scenario> & {
  /** This one has too little. */
  refusedBy: (participant: Participant) => Scenario;
};

/** What every protocol goes through, with orders that are placed by this one. */
export function scenariosOf(pattern: Pattern): Scenarios {
  const { placed, broken: gone, abandoned } = common;
  return {
    placed: { ...placed, pattern },
    broken: { ...gone, pattern },
    abandoned: { ...abandoned, pattern },
    refusedBy: (participant) => ({
      name: tooLittle(participant),
      pattern,
      orders: [shortOf(participant)],
      start: 'place',
    }),
  };
}
