import type { Knex } from 'knex';
import type { RegisteredParticipant } from '../../contracts/participants';
import { queryMsMax } from '../transaction/connection';
import { readParked, type ParkedEvent } from '../transaction/parked-events';
import { readStepRecords, type StepRecord } from '../transaction/step-records';
import { readBranchRecords, type BranchRecord } from './branch-records';

export type { BranchRecord, StepRecord };

/** Read-only views of a participant's database, for the API. */
export interface ParticipantQueries {
  /** What this service has recorded of an order, oldest first. */
  stepsOf(orderId: string): Promise<StepRecord[]>;
  /** XA branches that are not known to be settled, oldest first; of one order, or of all. */
  branchesInDoubt(of: { orderId?: string; limit: number }): Promise<BranchRecord[]>;
  /** Events that this service could not react to: all, or the one of this id. */
  parked(eventId?: string): Promise<ParkedEvent[]>;
  /** Resolves when the database answers, and rejects when it does not. */
  ready(): Promise<void>;
}

/** The participant's database as the API reads it, as its `_reader`. */
export function createParticipantQueries(
  { books }: Pick<RegisteredParticipant, 'books'>,
  knex: Knex,
): ParticipantQueries {
  return {
    stepsOf: (orderId) => readStepRecords(knex, orderId, queryMsMax),
    branchesInDoubt: (of) => readBranchRecords(knex, queryMsMax, of),
    parked: (eventId) => readParked(knex, queryMsMax, eventId),
    async ready() {
      await knex(books.balances).first(books.key).timeout(queryMsMax);
    },
  };
}
