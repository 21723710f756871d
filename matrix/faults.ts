import type { StepTiming } from '../contracts/limits';
import * as inject from './inject';
import type { Injection } from './injection';
import type { End, OrderPlan } from './scenarios';
import type { Step } from './step';

/** Something that goes wrong, at one place in a step. A new one joins by its row. */
export interface Fault {
  name: string;
  /** Where, as the table of docs/failure-matrix.md says it. */
  at: string;
  /** A sentence when it cannot happen to this step. */
  inapplicable?: (step: Step) => string | undefined;
  /** Injects it at its window, and throws when the window was never reached. */
  inject: (cell: Injection) => Promise<void>;
  /** It takes down what other cells need, so that it runs by itself. */
  alone?: true;
  /** How an order may end instead, where the fault may decide that. */
  ends?: (step: Step, plan: OrderPlan, isSubject: boolean) => End[] | undefined;
  /** What was caught comes too late to do anything, and need not be seen to. */
  effectless?: (step: Step) => boolean;
  /** For a cell that waits for a step to be given up. */
  patience?: (step: Step) => Partial<StepTiming>;
}

const noWorkflow = ({ driver }: Step) => {
  if (driver === 'relay') return 'A relay is no workflow: it looks again by itself.';
  return driver === 'api'
    ? 'No workflow has begun by then: the claim comes before its start.'
    : undefined;
};
const noWorker = (step: Step) =>
  step.driver === 'api' ? 'The API makes this step; see the rows on the API.' : undefined;
const noRow = ({ locks }: Step) =>
  locks.length === 0 ? 'The step waits for no row that somebody else may hold.' : undefined;
const oneRow = (step: Step) =>
  noRow(step) ??
  (step.locks.length === 1
    ? 'Nobody who holds a later row of the step then wants its first: there is no cycle.'
    : undefined);

const noApi =
  'These forty are claimed without the API; one that is killed amid batches: tests/batches/two-apis.';

export const faults: Fault[] = [
  { name: 'fails', at: 'before its effect', inject: inject.failBefore },
  { name: 'reply lost', at: 'the COMMIT is made', inject: inject.loseReply },
  { name: 'black hole', at: 'the COMMIT is made', inject: inject.swallowReply },
  {
    name: 'twice at once',
    at: 'before its effect, both',
    inject: inject.twiceAtOnce,
    effectless: ({ kind }) => kind === 'claim',
  },
  {
    name: 'late',
    at: 'after what undoes it',
    inject: inject.late,
    effectless: () => true,
    // An API that is to claim the order has a caller of its own.
    patience: ({ kind }) => (kind === 'claim' ? {} : { actionMsMax: 2_500 }),
    inapplicable: ({ kind }) => nothingUndoes[kind],
    ends: ({ kind }, plan, isSubject) => late(kind, plan, isSubject),
  },
  {
    name: 'late',
    at: 'after its own repetition, and the end',
    inject: inject.lateAfterRepetition,
    inapplicable: ({ kind }) =>
      kind === 'claim'
        ? 'A caller’s claim is not repeated; late beside another’s: twice at once.'
        : undefined,
  },
  {
    name: 'database refuses',
    at: 'before its effect, for a second',
    inject: inject.refuseConnections,
    alone: true,
  },
  {
    name: 'database killed',
    at: 'in mid-transaction',
    inject: inject.killDatabase,
    alone: true,
  },
  { name: 'row locked', at: 'past the lock wait', inject: inject.lockRow, inapplicable: noRow },
  {
    name: 'deadlock',
    at: 'with somebody heavier',
    inject: inject.deadlock,
    inapplicable: oneRow,
  },
  {
    name: 'worker killed',
    at: 'before the COMMIT',
    inject: inject.killWorkerBefore,
    alone: true,
    inapplicable: noWorker,
  },
  {
    name: 'worker killed',
    at: 'after the COMMIT',
    inject: inject.killWorkerAfter,
    alone: true,
    inapplicable: noWorker,
  },
  {
    name: 'worker frozen',
    at: 'before the COMMIT, beyond the timeout',
    inject: inject.freezeWorker,
    alone: true,
    inapplicable: noWorker,
  },
  {
    name: 'workflow’s worker killed',
    at: 'while the step runs',
    inject: inject.killWorkflowWorker,
    alone: true,
    inapplicable: noWorkflow,
  },
  {
    name: 'Temporal killed',
    at: 'while the step runs',
    inject: inject.killTemporal,
    alone: true,
  },
  {
    name: 'API killed',
    at: 'while a caller waits',
    inject: inject.killApi,
    alone: true,
    inapplicable: ({ driver, resumes, scenario }) => {
      if (scenario.start === 'batch') return noApi;
      const isWaitedFor = (driver === 'api' || driver === 'owner') && !resumes;
      return isWaitedFor ? undefined : 'No caller waits for this step.';
    },
  },
  {
    name: 'API killed',
    at: 'after the COMMIT',
    inject: inject.killApiAfter,
    alone: true,
    inapplicable: ({ driver }) =>
      driver === 'api' ? undefined : 'A worker makes this step; see the rows on the worker.',
  },
  {
    name: 'API frozen',
    at: 'between claim and start, until after adoption',
    inject: inject.freezeApi,
    alone: true,
    inapplicable: ({ driver, scenario }) => {
      if (driver !== 'api') return 'The API is not in this step’s way: what drives it has begun.';
      return scenario.pattern === 'choreography'
        ? 'The claim is the start: its event is written in the same transaction.'
        : undefined;
    },
  },
  {
    name: 'workflow terminated',
    at: 'before the COMMIT',
    inject: inject.terminate,
    inapplicable: noWorkflow,
  },
  {
    name: 'workflow cancelled',
    at: 'before the COMMIT',
    inject: inject.cancel,
    inapplicable: noWorkflow,
    ends: (step, plan) => (step.kind === 'action' ? cancelledByOperator(step, plan) : undefined),
  },
];

/** Why a step of this kind cannot come after what undoes it. */
const nothingUndoes: Record<Step['kind'], string | undefined> = {
  action: undefined,
  reaction: undefined,
  decision: undefined,
  claim: undefined,
  compensation: 'A compensation has no compensation; late beside its repetition: worker frozen.',
  ending:
    'The order does not end before it has; that an operator may cancel a tcc order all the same ' +
    'is broken in tests/tcc/resolution-races.',
  record: 'Nothing undoes what it records; late beside its repetition: worker frozen.',
};

function late(kind: Step['kind'], plan: OrderPlan, isSubject: boolean): End[] | undefined {
  const given: End[] = [{ status: 'CANCELLED', reason: 'unavailable' }];
  if (kind === 'reaction' || kind === 'claim') return [byCustomer];
  if (kind === 'decision') return isSubject ? [byCustomer] : undefined;
  // The other participant was asked, and may have refused.
  return plan.kind === 'good' ? given : [...given, plan.end];
}

const byCustomer: End = { status: 'CANCELLED', reason: 'cancelled-by-customer' };

/** What the participants had refused by then stands; for the rest the operator's word does. */
function cancelledByOperator({ decides }: Step, plan: OrderPlan): End[] {
  const byOperator: End = { status: 'CANCELLED', reason: 'cancelled-by-operator' };
  const isUndecided = plan.kind === 'broken' || (plan.kind === 'good' && !decides);
  return isUndecided ? [byOperator] : [byOperator, plan.end];
}
