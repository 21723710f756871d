import type { Pattern } from '../../contracts/order';
import type { Mutation } from '../mutants/mutate';
import { claimWithoutStatus } from '../mutants/mutations';

/**
 * The protocols, broken by typical mistakes: the matrix must notice each. A mutant runs like the
 * real code, in its own processes.
 */

export interface Mutant {
  what: string;
  protocol: Pattern;
  step: string;
  fault: string;
  /** The cell's message. */
  symptom: RegExp;
  mutations: Mutation[];
}

export const mutants: Mutant[] = [
  {
    what: 'a compensation that is owed only after its action’s answer',
    protocol: 'saga',
    step: 'deductStock',
    fault: 'late',
    symptom: /auditor found/,
    mutations: [
      {
        file: 'workflows/saga.ts',
        in: 'mayHaveTaken',
        from: "answer.kind !== 'rejected' && answer.kind !== 'cancelled'",
        to: "answer.kind === 'done'",
      },
    ],
  },
  {
    what: 'a compensation that leaves no tombstone',
    protocol: 'saga',
    step: 'deductStock',
    fault: 'late',
    symptom: /auditor found/,
    mutations: [
      {
        file: 'activities/barrier/barrier.ts',
        in: 'compensateOnce',
        from: '...early.map((command) => entryOf(barrier, barrier.undoes, command)),',
        to: '',
      },
      {
        file: 'activities/barrier/barrier.ts',
        in: 'compensateOnce',
        from: '...early.map(() => cancelled),',
        to: '',
      },
    ],
  },
  {
    what: 'a registry row whose write is not awaited, and is lost with the worker',
    protocol: 'saga',
    step: 'decideOrders (CANCEL), then owing',
    fault: 'workflow’s worker killed',
    symptom: /promised to be CANCELLED/,
    mutations: [
      {
        file: 'workflows/shared/run.ts',
        in: 'close',
        from: 'await this.order.registerCompensations',
        to: 'void this.order.registerCompensations',
      },
    ],
  },
  {
    what: 'a claim that does not exclude a second one',
    protocol: 'saga',
    step: 'claim',
    fault: 'twice at once',
    symptom: /promised to be COMPLETED|auditor found|was completed by the other/,
    mutations: claimWithoutStatus,
  },
  {
    what: 'a rejection that is thrown, and fails its neighbours too',
    protocol: 'saga',
    step: 'usePoints ×40',
    fault: 'fails',
    symptom: /is CANCELLED unavailable and was promised to be/,
    mutations: [
      {
        file: 'activities/participant/rules.ts',
        in: 'take',
        from: "return { kind: 'rejected', code: rejection.code };",
        to: 'throw new Error(rejection.code);',
      },
    ],
  },
];
