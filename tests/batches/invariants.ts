import type { OrderRow } from './service';

/** What must hold of an order's row at any time, and between an earlier and a later time. */

/** Throws if a row contradicts itself. */
export function checkRow(row: OrderRow): void {
  const name = `${row.order_id} ${row.status} ${row.decision ?? 'undecided'}`;
  const hasEnded = row.status === 'COMPLETED' || row.status === 'CANCELLED';
  const promises: [string, boolean][] = [
    ['COMPLETED only with COMPLETE', row.status !== 'COMPLETED' || row.decision === 'COMPLETE'],
    ['CANCELLED only with CANCEL', row.status !== 'CANCELLED' || row.decision === 'CANCEL'],
    ['ended with a PENDING registry row', !hasEnded || row.owed === 0],
    ['ended with an open alert', !hasEnded || row.alerts === 0],
    [
      'PENDING without an alert or a registry row',
      row.status !== 'PENDING' || row.alerts + row.owed > 0,
    ],
    ['an end without its time', hasEnded === (row.ended_at !== null)],
    ['CREATED with an owner or a decision', row.status !== 'CREATED' || isUntouched(row)],
    ['unfinished without an owner', isEnded(row) || row.status === 'CREATED' || !!row.owner],
    ['COMPLETE but not ended', row.decision !== 'COMPLETE' || row.status === 'COMPLETED'],
    ['a reason without CANCEL', (row.reason !== null) === (row.decision === 'CANCEL')],
  ];
  const broken = promises.filter(([, holds]) => !holds).map(([promise]) => promise);
  if (broken.length > 0) throw new Error(`${name}: ${broken.join(', ')}`);
}

/** The later statuses that an order may have. */
const reachable: Record<string, string[]> = {
  CREATED: ['CREATED', 'PLACING', 'PENDING', 'COMPLETED', 'CANCELLED'],
  PLACING: ['PLACING', 'PENDING', 'COMPLETED', 'CANCELLED'],
  PENDING: ['PENDING', 'COMPLETED', 'CANCELLED'],
  COMPLETED: ['COMPLETED'],
  CANCELLED: ['CANCELLED'],
};

/** Throws if a row has changed in a forbidden way. */
export function checkTransition(
  was: OrderRow,
  is: OrderRow,
  { claimers, adopters }: { claimers: string[]; adopters: string[] },
): void {
  const name = `${is.order_id} ${was.status} → ${is.status}`;
  if (!reachable[was.status]?.includes(is.status)) throw new Error(`${name}: not permitted`);
  if (was.decision !== null && (was.decision !== is.decision || was.reason !== is.reason)) {
    throw new Error(`${name}: the decision changed: ${textOf(was)} → ${textOf(is)}`);
  }
  if (isEnded(was) && was.ended_at?.getTime() !== is.ended_at?.getTime()) {
    throw new Error(`${name}: it ended twice`);
  }
  if (was.owner === is.owner) return;
  const allowed = was.status === 'CREATED' ? [...claimers, ...adopters] : adopters;
  if (!is.owner || !allowed.includes(is.owner)) {
    throw new Error(`${name}: the owner changed: ${was.owner ?? 'none'} → ${is.owner ?? 'none'}`);
  }
  if (isEnded(was)) throw new Error(`${name}: the owner changed after the end`);
}

function isEnded({ status }: OrderRow): boolean {
  return status === 'COMPLETED' || status === 'CANCELLED';
}

function isUntouched({ owner, decision, owed, alerts }: OrderRow): boolean {
  return owner === null && decision === null && owed + alerts === 0;
}

function textOf({ decision, reason }: OrderRow): string {
  return `${decision ?? 'none'} (${reason ?? 'no reason'})`;
}
