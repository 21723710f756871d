import type { Knex } from 'knex';
import type { OrderStatus } from '../contracts/order';
import { byService, participants, type Service } from '../contracts/participants';
import { readBalances, reportBalances, reportReserved, type Balances } from './balances';
import { Findings } from './findings';
import { countOrders, readBacklog } from './orders';
import { judgeRecovery } from './recovery';
import type { RuleId, Violation } from './rules';
import { recheck, type InFlight } from './recheck';
import { currentReader, withSnapshot, withSnapshots, type Reader } from './snapshot';
import { scanOrders, type Snapshots } from './scan';
import type { AuditedWorkflows } from './workflows';

/** What an audit reads. In the databases it needs only SELECT: the user `auditor`. */
export interface AuditDeps extends Record<Service, Knex>, AuditedWorkflows {}

export interface AuditOptions {
  /** How long an order may lack an open owner before adoption must have found it. */
  graceS?: number;
  /** Unfinished work older than this is a violation. */
  unfinishedSMax?: number;
  onProgress?: (progress: AuditProgress) => void;
  /** Called between reading the orders and reading the participants; for tests of torn reads. */
  afterOrdersRead?: () => Promise<void>;
}

export interface AuditProgress {
  ordersDone: number;
  ordersTotal: number;
}

export interface AuditReport {
  /** No violation was found. */
  clean: boolean;
  /** Nothing was in flight. */
  atRest: boolean;
  /** How many orders were judged. */
  orders: number;
  byStatus: Record<OrderStatus, number>;
  /** The first ten thousand. `violationsTotal` counts all. */
  violations: Violation[];
  violationsTotal: number;
  inFlight: InFlight[];
  /** How many orders, balances or rows each rule has judged. A rule that judged none is absent. */
  checked: Partial<Record<RuleId, number>>;
}

const defaultGraceS = 60;
const defaultUnfinishedSMax = 15 * 60;

/**
 * Proves, order by order and in sums, that the databases agree. Reads each database at one instant,
 * the order database first. An order that was final then must be right in full. An order in flight
 * is judged by what its state permits, and checked again.
 *
 * @throws the error of a database or Temporal that does not answer; nothing is proved then
 */
export async function audit(deps: AuditDeps, options: AuditOptions = {}): Promise<AuditReport> {
  const findings = new Findings();
  const startedAt = await databaseTime(currentReader(deps.order));
  const { scan, backlog, balances } = await inSnapshots(deps, options, (snapshots, total) =>
    readAll(snapshots, total, findings, options),
  );
  const current = byService((service) => currentReader(deps[service]));
  const look = {
    ...current,
    isOpen: deps.isOpen,
    closedAt: deps.closedAt,
    graceS: options.graceS ?? defaultGraceS,
    unfinishedSMax: options.unfinishedSMax ?? defaultUnfinishedSMax,
  };
  const inFlight = await recheck(look, scan, backlog, findings);
  await judgeRecovery(current.order, findings);
  for (const one of balances) reportBalances(one, findings);
  if (inFlight.length === 0) {
    inFlight.push(...(await judgeReserved(current.order, startedAt, balances, findings)));
  }
  return {
    clean: findings.violationsTotal === 0,
    atRest: inFlight.length === 0,
    orders: Object.values(scan.byStatus).reduce((sum, n) => sum + n, 0),
    byStatus: scan.byStatus,
    violations: findings.violations,
    violationsTotal: findings.violationsTotal,
    inFlight,
    checked: findings.checked,
  };
}

/** The exit code of a report: 0 all proved; 1 a violation; 2 work in flight, the rest proved. */
export function exitCodeOf({ clean, atRest }: Pick<AuditReport, 'clean' | 'atRest'>): 0 | 1 | 2 {
  if (!clean) return 1;
  return atRest ? 0 : 2;
}

const participantNames = participants.map(({ name }) => name);

/** The order database first: an order that has ended by then moves nothing any more. */
function inSnapshots<T>(
  deps: AuditDeps,
  options: AuditOptions,
  work: (snapshots: Snapshots, ordersTotal: number) => Promise<T>,
): Promise<T> {
  return withSnapshot(deps.order, async (order) => {
    const ordersTotal = await countOrders(order);
    await options.afterOrdersRead?.();
    return withSnapshots(deps, participantNames, (others) =>
      work({ ...others, order }, ordersTotal),
    );
  });
}

async function readAll(
  snapshots: Snapshots,
  ordersTotal: number,
  findings: Findings,
  options: AuditOptions,
) {
  options.onProgress?.({ ordersDone: 0, ordersTotal });
  const [backlog, ...balances] = await Promise.all([
    readBacklog(snapshots.order),
    ...participants.map((one) => readBalances(snapshots[one.name], one)),
  ]);
  const scan = await scanOrders(snapshots, backlog, findings, (ordersDone) =>
    options.onProgress?.({ ordersDone, ordersTotal }),
  );
  return { scan, backlog, balances };
}

async function databaseTime(order: Reader): Promise<string> {
  // As text, because the driver's dates have only milliseconds.
  const [row] = await order.rows<{ t: string }>('SELECT CAST(UTC_TIMESTAMP(6) AS CHAR) t');
  return row?.t ?? '';
}

/** No order holds the reserved amounts, unless one was in flight since the orders were read. */
async function judgeReserved(
  order: Reader,
  startedAt: string,
  balances: Balances[],
  findings: Findings,
): Promise<InFlight[]> {
  const judged = () => {
    for (const { checked } of balances) findings.count('reserved-at-rest', checked);
  };
  if (balances.every(({ reserved }) => reserved.length === 0)) {
    judged();
    return [];
  }
  const moving = await order.rows<{ orderId: string }>(
    `SELECT order_id orderId FROM orders
     WHERE status IN ('PLACING', 'PENDING') OR owned_at >= ? OR ended_at >= ? LIMIT 100`,
    [startedAt, startedAt],
  );
  if (moving.length === 0) {
    judged();
    for (const one of balances) reportReserved(one, findings);
  }
  return moving.map(({ orderId }) => ({ orderId, waitsFor: 'another-look' as const }));
}
