import type { Mutation } from '../mutants/mutate';
import type { Participant } from './participant-world';
import {
  aCommitBetweenTheLastLooksIsSeen,
  anEndAgainstTheDecisionIsNoSuccess,
  anEndWhoseReplyIsLostIsSeen,
  aTombstoneKeepsAPrepareOut,
  rollsBackAsOftenAsAsked,
} from './promises';

const xa = 'activities/participant/xa.ts';

interface Mutant {
  what: string;
  mutations: Mutation[];
  /** The promise that it breaks. */
  promise: (p: Participant) => Promise<void>;
  /** What the check says of it. */
  symptom: RegExp;
}

/** XA's participant broken on purpose. */
export const mutants: Mutant[] = [
  {
    what: 'leaves no tombstone for a prepare',
    mutations: [
      {
        file: 'activities/barrier/barrier.ts',
        in: 'writeTombstones',
        from: 'await record(trx, [entry], [cancelled]);',
        to: '',
      },
    ],
    promise: aTombstoneKeepsAPrepareOut,
    symptom: /content-mismatch/,
  },
  {
    what: 'writes the barrier’s row outside the branch',
    mutations: [{ file: xa, in: 'branchOff', from: 'runOnce(trx,', to: 'runOnce(this.knex,' }],
    promise: rollsBackAsOftenAsAsked,
    symptom: /"was": "committed"/,
  },
  {
    what: 'reads the row before it lists the prepared branches',
    mutations: [
      {
        file: xa,
        in: 'commit',
        from: `await this.endIfPrepared('COMMIT', orderId);
          if ((await this.recorded(orderId))?.kind === 'done') {`,
        to: `const row = await this.recorded(orderId);
          await this.endIfPrepared('COMMIT', orderId);
          if (row?.kind === 'done') {`,
      },
    ],
    promise: aCommitBetweenTheLastLooksIsSeen,
    symptom: /"was": "rolled-back"/,
  },
  {
    what: 'calls a branch rolled back that somebody has committed',
    mutations: [
      { file: xa, in: 'rollback', from: '!(await this.givenBack(orderId))', to: 'false' },
    ],
    promise: anEndAgainstTheDecisionIsNoSuccess,
    symptom: /"kind": "rolled-back"/,
  },
  {
    what: 'does not look again when the reply to XA COMMIT is lost',
    mutations: [
      {
        file: xa,
        in: 'endIfPrepared',
        from: 'if (await this.isPrepared(orderId)) throw error;',
        to: 'throw error;',
      },
    ],
    promise: (p) => anEndWhoseReplyIsLostIsSeen(p, 'commit'),
    symptom: /outcome-unknown/,
  },
];
