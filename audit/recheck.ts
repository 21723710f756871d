import type { Decision, OrderStatus } from '../contracts/order';
import type { Wait } from '../contracts/waits';
import { participants, type Service } from '../contracts/participants';
import type { Findings } from './findings';
import { inParts } from './in-parts';
import { driversOf, openOwners, waitForAdoption } from './drivers';
import {
  countEmitted,
  judgeUnsent,
  readInFlight,
  readSharedDeliveries,
  readUnsent,
} from './outboxes';
import { readBacklog, type AuditedOrder, type Backlog } from './orders';
import type { Reader } from './snapshot';
import { judgeWait } from './waits';
import type { Scan } from './scan';
import type { AuditedWorkflows } from './workflows';

/** An order that was in flight during the audit. */
export interface InFlight {
  orderId: string;
  /**
   * What a PENDING order says itself, or what drives it on. An `event` may also be on its way;
   * `another-look`: the order changed during the audit, so only the next audit can judge it.
   */
  waitsFor: Wait | 'workflow' | 'adoption' | 'another-look';
}

/** What the recheck needs. It reads the current state of all databases. */
export interface Recheck extends AuditedWorkflows, Record<Service, Reader> {
  /** How long an order may lack an open owner before adoption must have found it. */
  graceS: number;
  /** Unfinished work older than this is a violation. */
  unfinishedSMax: number;
}

/** An order's current row. */
interface CurrentRow {
  status: OrderStatus;
  owner: string | null;
  decision: Decision | null;
  waitsFor: Wait | null;
  /** Null if the order was never claimed. */
  ownedS: number | null;
}

/**
 * Rechecks provisional findings: the orders were read before the ledgers and may have changed
 * since. Asks about owners first, then reads the backlog, then the orders' rows. An order that is
 * unchanged then was in that state all the time, so its finding is true.
 */
export async function recheck(
  look: Recheck,
  scan: Scan,
  first: Backlog,
  findings: Findings,
): Promise<InFlight[]> {
  const shared = await readSharedDeliveries(look, scan.unfinished);
  const open = await openOwners(look, scan, shared);
  const backlog = await readBacklog(look.order);
  const unsent = await readUnsent(look);
  findings.count('outbox-drained', await countEmitted(look));
  const moving = await readInFlight(look, scan.unfinished, look.graceS);
  for (const { orderId } of unsent) moving.add(orderId);
  const ids = new Set([
    ...scan.unfinished.map(({ orderId }) => orderId),
    ...scan.provisional.map(({ order }) => order.orderId),
    ...scan.orphanRows.keys(),
  ]);
  const current = await readCurrent(look.order, [...ids]);
  const ages = await oldestAges(look, scan.unfinished, current, [first, backlog]);
  const waiting = new Map(
    scan.unfinished.map((order) => {
      const now = current.get(order.orderId);
      if (unchanged(order, now)) judgeWait(order, backlog, findings);
      return [order, waits(order, now, { open, moving, shared }, look)] as const;
    }),
  );
  await waitForAdoption(look, waiting, shared);
  const inFlight = [
    ...scan.unfinished.flatMap((order) =>
      judgeUnfinished(order, waiting.get(order), ages.get(order.orderId), look, findings),
    ),
    ...settleProvisional(scan, current, findings),
    ...settleOrphanRows(scan, current, findings),
    ...judgeUnsent(unsent, look.unfinishedSMax, findings),
  ];
  const byId = new Map(inFlight.map((one) => [one.orderId, one]));
  return [...byId.values()];
}

/** What may drive orders on. */
interface Moving {
  /** The open ones of their workflows. */
  open: ReadonlySet<string>;
  /** The orders with an event on its way. */
  moving: ReadonlySet<string>;
  shared: ReadonlyMap<string, readonly string[]>;
}

/** What an unfinished order waits for; undefined if nothing explains its waiting. */
function waits(
  order: AuditedOrder,
  now: CurrentRow | undefined,
  { open, moving, shared }: Moving,
  { graceS }: Recheck,
): InFlight['waitsFor'] | undefined {
  if (now && now.waitsFor !== null) return now.waitsFor;
  if (driversOf(order, shared).some((driver) => open.has(driver))) return 'workflow';
  if (moving.has(order.orderId)) return 'event';
  if (!unchanged(order, now)) return 'another-look';
  return (now?.ownedS ?? Infinity) <= graceS ? 'adoption' : undefined;
}

function judgeUnfinished(
  order: AuditedOrder,
  waitsFor: InFlight['waitsFor'] | undefined,
  ageS: number | undefined,
  { graceS, unfinishedSMax }: Recheck,
  findings: Findings,
): InFlight[] {
  const { orderId, status, owner } = order;
  // Only the next audit can judge an order that has ended or changed since.
  if (ageS !== undefined) findings.count('overdue', 1);
  if (waitsFor !== 'another-look') findings.count('stuck-order', 1);
  if (ageS !== undefined && ageS > unfinishedSMax) {
    const detail =
      `unfinished for ${String(ageS)} s, more than ${String(unfinishedSMax)} s; ` +
      `waits for ${waitsFor ?? 'nothing'}`;
    findings.add({ rule: 'overdue', orderId, detail });
  }
  if (waitsFor !== undefined) return [{ orderId, waitsFor }];
  const detail =
    `${status}, its owner ${owner ?? '(none)'} is not an open workflow, it has no registry ` +
    `row, and adoption has not taken it within ${String(graceS)} s`;
  findings.add({ rule: 'stuck-order', orderId, detail });
  return [];
}

function settleProvisional(
  scan: Scan,
  current: Map<string, CurrentRow>,
  findings: Findings,
): InFlight[] {
  return scan.provisional.flatMap(({ rule, order, detail }): InFlight[] => {
    const { orderId } = order;
    if (!unchanged(order, current.get(orderId))) return [{ orderId, waitsFor: 'another-look' }];
    findings.count(rule, 1);
    findings.add({ rule, orderId, detail });
    return [];
  });
}

/** An order that was created after the orders were read is not an orphan; it is not judged yet. */
function settleOrphanRows(
  scan: Scan,
  current: Map<string, CurrentRow>,
  findings: Findings,
): InFlight[] {
  return [...scan.orphanRows].flatMap(([orderId, where]): InFlight[] => {
    const now = current.get(orderId);
    if (now && now.status !== 'CREATED') return [{ orderId, waitsFor: 'another-look' }];
    findings.count(now ? 'created-untouched' : 'row-without-order', 1);
    const detail = now
      ? `CREATED, and has rows in ${where}`
      : `rows in ${where}, but the order does not exist`;
    findings.add({ rule: now ? 'created-untouched' : 'row-without-order', orderId, detail });
    return [];
  });
}

function unchanged(order: AuditedOrder, now: CurrentRow | undefined): boolean {
  return (
    now !== undefined &&
    now.status === order.status &&
    now.owner === order.owner &&
    now.decision === order.decision &&
    now.waitsFor === order.waitsFor
  );
}

async function readCurrent(order: Reader, ids: string[]): Promise<Map<string, CurrentRow>> {
  const rows = await inParts<CurrentRow & { o: string }>(
    order,
    `SELECT order_id o, status, owner, decision, waits_for waitsFor,
            TIMESTAMPDIFF(SECOND, owned_at, UTC_TIMESTAMP(6)) ownedS
     FROM orders WHERE order_id IN`,
    ids,
  );
  return new Map(rows.map((row) => [row.o, row]));
}

/**
 * How long each unfinished order has been unfinished, in seconds. Adoption begins a new ownership,
 * so this also considers the first step and the registry.
 */
async function oldestAges(
  look: Recheck,
  unfinished: AuditedOrder[],
  current: Map<string, CurrentRow>,
  backlogs: Backlog[],
): Promise<Map<string, number>> {
  const ages = new Map<string, number>();
  const note = (orderId: string, ageS: number | null) => {
    const status = current.get(orderId)?.status;
    if (status !== 'PLACING' && status !== 'PENDING') return;
    ages.set(orderId, Math.max(ages.get(orderId) ?? 0, ageS ?? 0));
  };
  const ids = unfinished.map(({ orderId }) => orderId);
  for (const id of ids) note(id, current.get(id)?.ownedS ?? null);
  for (const { compensations, alerts } of backlogs) {
    for (const [id, work] of [...compensations, ...alerts]) {
      for (const { ageS } of work) note(id, ageS);
    }
  }
  for (const { name } of participants) {
    const steps = await inParts<{ o: string; ageS: number }>(
      look[name],
      `SELECT order_id o, TIMESTAMPDIFF(SECOND, recorded_at, UTC_TIMESTAMP(6)) ageS
       FROM steps WHERE order_id IN`,
      ids,
    );
    for (const { o, ageS } of steps) note(o, ageS);
  }
  return ages;
}
