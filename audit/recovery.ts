import { recoveryOverdueMs } from '../contracts/recovery';
import type { Findings } from './findings';
import type { Reader } from './snapshot';

/**
 * Every kind of recovery that has work must complete a run regularly, and so must the look for all
 * of them. Otherwise it is stopped, whatever Temporal reports.
 */
export async function judgeRecovery(order: Reader, findings: Findings): Promise<void> {
  const rows = await order.rows<{ kind: string; forS: number }>(
    `SELECT kind, TIMESTAMPDIFF(SECOND, IF(kind = 'look', ended_at, wanted_since), NOW(6)) forS
     FROM recoveries WHERE kind = 'look' OR wanted_since IS NOT NULL ORDER BY kind`,
    [],
  );
  findings.count('recovery-overdue', rows.length);
  for (const { kind, forS } of rows) {
    if (forS * 1_000 <= recoveryOverdueMs) continue;
    const detail =
      kind === 'look'
        ? `no look for work has ended for ${forS} s`
        : `${kind} has had work for ${forS} s, and none of its runs has ended`;
    findings.add({ rule: 'recovery-overdue', orderId: null, detail });
  }
}
