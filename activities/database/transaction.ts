import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import type { Knex } from 'knex';
import { classify } from './errors';

const repeated = retry(
  handleWhen((error) => ['transaction-lost', 'outcome-unknown'].includes(classify(error))),
  // With jitter; otherwise two transactions that deadlocked would meet again.
  { maxAttempts: 4, backoff: new ExponentialBackoff({ initialDelay: 10, maxDelay: 500 }) },
);

/**
 * Runs `work` in one local transaction and answers its result after the commit.
 *
 * A deadlock rolls everything back, so the whole transaction runs again. After a connection lost at
 * COMMIT the outcome is unknown; the transaction also runs again, on a new connection. This is
 * correct only because every `work` begins with its barrier row or a guarded write: if the lost
 * commit succeeded or is still executing, the repeat finds it.
 *
 * @throws any other database error, after the rollback
 */
export function runTransaction<T>(
  knex: Knex,
  work: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  return repeated.execute(() => knex.transaction(work));
}
