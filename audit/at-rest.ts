import { setTimeout as sleep } from 'node:timers/promises';
import { audit, type AuditDeps, type AuditOptions, type AuditReport } from './audit';
import { currentReader } from './snapshot';

export interface RestOptions extends AuditOptions {
  /** How long to wait for work in flight before it is reported. */
  restMsMax?: number;
}

const defaultRestMsMax = 10_000;
const pollMs = 250;

/**
 * Audits, and audits again once the work in flight has ended, within a time limit. Reports a
 * violation at once. Between two audits it reads only the orders' states, because an audit takes
 * longer than most orders take to end.
 *
 * @throws like `audit`.
 */
export async function auditAtRest(
  deps: AuditDeps,
  options: RestOptions = {},
): Promise<AuditReport> {
  const { restMsMax = defaultRestMsMax, ...auditOptions } = options;
  let report = await audit(deps, auditOptions);
  const deadline = Date.now() + restMsMax;
  while (report.clean && !report.atRest && (await restBefore(deps, deadline))) {
    report = await audit(deps, auditOptions);
  }
  return report;
}

/** Waits until no order is in flight; false if the deadline comes first. */
async function restBefore(deps: AuditDeps, deadline: number): Promise<boolean> {
  const reader = currentReader(deps.order);
  while (Date.now() < deadline) {
    await sleep(pollMs);
    const inFlight = await reader.rows(
      `SELECT 1 FROM orders WHERE status IN ('PLACING', 'PENDING') LIMIT 1`,
    );
    if (inFlight.length === 0) return true;
  }
  return false;
}
