import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { describeError } from '../../activities/database/errors';
import { byService } from '../../contracts/participants';
import { auditAtRest } from '../../audit/at-rest';
import type { AuditReport } from '../../audit/audit';
import { connectAudit } from '../../audit/connect';
import type { RunningStack } from '../stack/state';
import { withProgress } from './progress';

/** Nothing could be proved, which is neither a violation (1) nor work in flight (2). */
class AuditFailedError extends Error {
  readonly exitCode = 3;
}

const pollMs = 250;

/** Waits until no order is on its way, or until the time is over. */
export async function untilNoneMoves(order: Knex, msMax: number): Promise<void> {
  const deadline = Date.now() + msMax;
  const moving = () => order('orders').whereIn('status', ['PLACING', 'PENDING']).first('order_id');
  while (Date.now() < deadline && (await moving())) await sleep(pollMs);
}

/**
 * Audits a running stack once it is at rest, or after ten seconds of waiting for that.
 *
 * @param heldUpMs how long orders that were held up may take before
 * @throws AuditFailedError when a database or Temporal cannot be asked.
 */
export async function auditStack(stack: RunningStack, heldUpMs = 0): Promise<AuditReport> {
  const deps = connectAudit({
    databases: byService((service) => stack.databases[service].auditorUrl),
    temporal: stack.temporal,
  });
  try {
    await untilNoneMoves(deps.order, heldUpMs);
    return await withProgress('Auditing', 'orders', (update) =>
      auditAtRest(deps, {
        onProgress: ({ ordersDone, ordersTotal }) => {
          update(ordersDone, ordersTotal);
        },
      }),
    );
  } catch (error) {
    throw new AuditFailedError(`The audit could not be made: ${describeError(error)}`, {
      cause: error,
    });
  } finally {
    await deps.close();
  }
}
