import type { StepTiming } from '../../contracts/limits';
import { patternRows } from '../../contracts/patterns';
import * as why from './inapplicable';
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
    inapplicable: ({ kind }) => why.nothingUndoes[kind],
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
  { name: 'row locked', at: 'past the lock wait', inject: inject.lockRow, inapplicable: why.noRow },
  {
    name: 'deadlock',
    at: 'with somebody heavier',
    inject: inject.deadlock,
    inapplicable: why.oneRow,
  },
  {
    name: 'order row held',
    at: 'beyond the lock wait',
    inject: inject.holdOrder,
    inapplicable: why.noOrderRow,
  },
  {
    name: 'global read lock',
    at: 'beyond the timeout',
    inject: inject.lockServer,
    alone: true,
    inapplicable: why.likeOthers,
  },
  {
    name: 'server read-only',
    at: 'until the step was refused',
    inject: inject.makeReadOnly,
    alone: true,
    inapplicable: why.notRefused,
  },
  {
    name: 'worker killed',
    at: 'before the COMMIT',
    inject: inject.killWorkerBefore,
    alone: true,
    inapplicable: why.noWorker,
  },
  {
    name: 'worker killed',
    at: 'after the COMMIT',
    inject: inject.killWorkerAfter,
    alone: true,
    inapplicable: why.noWorker,
  },
  {
    name: 'worker frozen',
    at: 'before the COMMIT, beyond the timeout',
    inject: inject.freezeWorker,
    alone: true,
    inapplicable: why.noWorker,
  },
  {
    name: 'workflow’s worker killed',
    at: 'while the step runs',
    inject: inject.killWorkflowWorker,
    alone: true,
    inapplicable: why.noWorkflow,
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
    inapplicable: why.noCaller,
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
      return patternRows[scenario.pattern].begins === 'by-event'
        ? 'The claim is the start: its event is written in the same transaction.'
        : undefined;
    },
  },
  {
    name: 'workflow terminated',
    at: 'before the COMMIT',
    inject: inject.terminate,
    inapplicable: why.noWorkflow,
  },
  {
    name: 'workflow cancelled',
    at: 'before the COMMIT',
    inject: inject.cancel,
    inapplicable: why.noWorkflow,
    ends: (step, plan) => (step.kind === 'action' ? cancelledByOperator(step, plan) : undefined),
  },
];

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
