import type { AlertKind } from '../contracts/alerts';
import type { Wait } from '../contracts/waits';
import type { Findings } from './findings';
import type { AuditedOrder, Backlog } from './orders';

/** What a PENDING order says that it waits for is held against its open alerts and registry rows. */
export function judgeWait(order: AuditedOrder, backlog: Backlog, findings: Findings): void {
  const { orderId, waitsFor } = order;
  if (waitsFor === null) return;
  findings.count('waits-for', 1);
  const due = waitOf(order, backlog);
  if (due === waitsFor) return;
  const detail = `says that it waits for ${waitsFor}; its alerts say ${due ?? 'nothing'}`;
  findings.add({ rule: 'waits-for', orderId, detail });
}

/** The first that applies; undefined when nothing says that it waits. */
function waitOf({ orderId, decision }: AuditedOrder, backlog: Backlog): Wait | undefined {
  const kinds = new Set(backlog.alerts.get(orderId)?.map(({ what }) => what));
  const alerted = (kind: AlertKind) => kinds.has(kind);
  if (alerted('heuristic-outcome')) return 'operator';
  if (alerted('broken-step') && decision !== 'CANCEL') return 'operator';
  if (alerted('branch-in-doubt')) return 'branch';
  if (alerted('event-parked')) return 'event';
  if (alerted('confirmation-failing') && decision === 'COMPLETE') return 'confirmation';
  if (backlog.compensations.has(orderId)) return 'compensation';
  if (decision !== 'CANCEL') return undefined;
  return alerted('cancellation-failing') || alerted('broken-step') ? 'cancellation' : undefined;
}
