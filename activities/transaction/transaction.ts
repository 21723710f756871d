import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import type { Knex } from 'knex';
import { classify } from './errors';

const repeated = retry(
  handleWhen((error) => ['transaction-lost', 'outcome-unknown'].includes(classify(error))),
  // With jitter, or two transactions that deadlocked would meet again.
  { maxAttempts: 4, backoff: new ExponentialBackoff({ initialDelay: 10, maxDelay: 500 }) },
);

/**
 * Runs `work` in one local transaction and answers what it answered once that has committed.
 *
 * A deadlock undoes everything, so the whole transaction is run again. After a connection lost at
 * COMMIT nobody knows the outcome; the transaction is run again too, on a new connection, which
 * is right only because every `work` passed here meets its barrier row, or a guarded write, first:
 * had the lost commit been made, or were it still executing, the repeat would find it.
 *
 * @throws whatever else the database says, after the rollback.
 */
export function runTransaction<T>(
  knex: Knex,
  work: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  return repeated.execute(() => knex.transaction(work));
}
