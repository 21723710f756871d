import type { Knex } from 'knex';
import type { RegisteredParticipant } from '../../contracts/participants';
import { queryMsMax } from '../database/connection';
import { readParked, type ParkedEvent } from '../events/parked-events';
import { readStepRecords, type StepRecord } from '../barrier/step-records';
import { readBranchRecords, type BranchRecord } from './branch-records';

export type { BranchRecord, StepRecord };

/** The API's reads of a participant's database. */
export interface ParticipantQueries {
  /** The steps of these orders that this service has recorded, by order and oldest first. */
  stepsOf(orderIds: readonly string[]): Promise<Map<string, StepRecord[]>>;
  /** XA branches that are not known to have ended, oldest first, of one order or of all. */
  branchesInDoubt(of: { orderId?: string; limit: number }): Promise<BranchRecord[]>;
  /** Parked events: all, or the one with this id. */
  parked(eventId?: string): Promise<ParkedEvent[]>;
  /** Resolves if the database answers, and rejects if it does not. */
  ready(): Promise<void>;
}

/** Creates the API's reads of a participant's database, as its user `_reader`. */
export function createParticipantQueries(
  { books }: Pick<RegisteredParticipant, 'books'>,
  knex: Knex,
): ParticipantQueries {
  return {
    stepsOf: (orderIds) => readStepRecords(knex, orderIds, queryMsMax),
    branchesInDoubt: (of) => readBranchRecords(knex, queryMsMax, of),
    parked: (eventId) => readParked(knex, queryMsMax, eventId),
    async ready() {
      await knex(books.balances).first(books.key).timeout(queryMsMax);
    },
  };
}
