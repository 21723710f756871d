import type { Runbook } from '../../contracts/alerts';
import type { OrderEventActivities } from '../../contracts/deliveries';
import { participants, type RegisteredParticipant } from '../../contracts/participants';
import type { LockActivities, OrderActivities } from '../../contracts/steps';

interface StateRow {
  words: string;
  /** What to do: a state that has one is trouble. */
  runbook?: Runbook;
  isPending?: true;
}

/** The order waits for an operator, or for a schedule. */
const pending = (words: string, runbook: Runbook): StateRow => {
  return { words: `PENDING: ${words}`, runbook, isPending: true };
};

const rows = {
  asking: { words: 'waiting for the participants' },
  'held-up': {
    words: 'another session has locked its rows; it is retried',
    runbook: 'step-failing',
  },
  'giving-back': { words: 'CANCEL; giving back what was taken' },
  'rolling-back': { words: 'CANCEL; rolling back its branches' },
  confirming: { words: 'COMPLETE; confirming its reservations' },
  committing: { words: 'COMPLETE; committing its branches' },
  delivering: { words: 'delivering lost events again' },
  completed: { words: 'completed' },
  cancelled: { words: 'cancelled' },
  owed: pending('a compensation failed; recovery retries it', 'compensation-failing'),
  unconfirmed: pending('a confirmation keeps failing; recovery retries it', 'confirmation-failing'),
  uncancelled: pending('a cancellation keeps failing; adoption retries it', 'cancellation-failing'),
  broken: pending('a step is broken', 'broken-step'),
  'in-doubt': pending('a branch cannot be ended; it is retried indefinitely', 'branch-in-doubt'),
  heuristic: pending('a branch was ended by hand', 'heuristic-outcome'),
  parked: pending('an event is parked', 'event-parked'),
} satisfies Record<string, StateRow>;

/** Where an order is in its workflow. */
export type OrderState = keyof typeof rows;
export const orderStates: Readonly<Record<OrderState, StateRow>> = rows;

/** An order's state once a step is `asked` for, and by the kind of what came of it. */
type Outcomes = Readonly<Partial<Record<string, OrderState>>>;

type OwnStep = keyof (OrderActivities & OrderEventActivities & LockActivities);

const ownSteps: Partial<Record<OwnStep, Outcomes>> = {
  placeInOneTransaction: {
    done: 'completed',
    rejected: 'cancelled',
    cancelled: 'cancelled',
  },
  decideOrders: {
    COMPLETE: 'completed',
    CANCEL: 'giving-back',
    'CANCEL, nothing taken': 'cancelled',
    unknown: 'broken',
  },
  completeOrders: { done: 'completed' },
  closeOrders: { done: 'cancelled' },
  holdOrders: { done: 'broken' },
  alertOrders: {
    'branch-in-doubt': 'in-doubt',
    'heuristic-outcome': 'heuristic',
    'confirmation-failing': 'unconfirmed',
    'cancellation-failing': 'uncancelled',
    'event-parked': 'parked',
  },
  settleOrder: { asked: 'delivering', COMPLETED: 'completed', CANCELLED: 'cancelled' },
};

function stepsOf({ steps: { saga, tcc, xa } }: RegisteredParticipant): Record<string, Outcomes> {
  return {
    [saga.compensation]: { asked: 'giving-back' },
    [tcc.confirm]: { asked: 'confirming' },
    [tcc.cancel]: { asked: 'giving-back' },
    [xa.commit]: { asked: 'committing' },
    [xa.rollback]: { asked: 'rolling-back' },
  };
}

/** Where each step leaves an order. What several steps decide together, ask.ts and run.ts tell. */
export const outcomesOf: Readonly<Record<string, Outcomes>> = Object.assign(
  {},
  ownSteps,
  ...participants.map(stepsOf),
) as Record<string, Outcomes>;

/** The steps that take something: one that keeps failing is given up, and its order cancelled. */
export const taking: ReadonlySet<string> = new Set([
  'placeInOneTransaction',
  ...participants.flatMap(({ steps: { saga, tcc, xa } }) => [saga.action, tcc.try, xa.prepare]),
]);
