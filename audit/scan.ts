import { orderStatuses, type OrderStatus } from '../contracts/order';
import {
  byParticipant,
  participants,
  type ParticipantName,
  type Service,
} from '../contracts/participants';
import { readAccounts, type Account, type IdRange } from './accounts';
import { moved, owed, type Evidence } from './evidence';
import type { Findings } from './findings';
import { orderChecks, type OrderCheck } from './order-checks';
import { readLines, readOrders, type AuditedLine, type AuditedOrder, type Backlog } from './orders';
import type { RuleId } from './rules';
import type { Reader } from './snapshot';

/** Orders per range: enough to make reads efficient, few enough to fit in memory. */
const ordersPerRange = 10_000;

/** A snapshot of each database; the order database's was taken first. */
export type Snapshots = Record<Service, Reader>;

/** A finding that counts only if the order's row has not changed since. */
export interface ProvisionalFinding {
  rule: RuleId;
  order: AuditedOrder;
  detail: string;
}

/** What the scan over all orders leaves for the recheck. */
export interface Scan {
  byStatus: Record<OrderStatus, number>;
  unfinished: AuditedOrder[];
  provisional: ProvisionalFinding[];
  /** Order ids with rows in some table but not among the orders read, and where the rows are. */
  orphanRows: Map<string, string>;
}

const nothing: Account = { taken: [], givenBack: [], reserved: [], steps: {} };

/**
 * Judges every order by every rule that applies to it. Reads all databases in key order, one range
 * of orders at a time, so a million orders need no more memory than ten thousand, and the databases
 * may be on different servers.
 */
export async function scanOrders(
  snapshots: Snapshots,
  backlog: Backlog,
  findings: Findings,
  onProgress: (ordersDone: number) => void,
): Promise<Scan> {
  const scan: Scan = {
    byStatus: { CREATED: 0, PLACING: 0, PENDING: 0, COMPLETED: 0, CANCELLED: 0 },
    unfinished: [],
    provisional: [],
    orphanRows: new Map([...backlog.compensations.keys()].map((id) => [id, 'the registry'])),
  };
  let done = 0;
  let after: string | null = null;
  let next: Promise<OrderRange> | null = readOrderRange(snapshots.order, after);
  while (next) {
    const orders: OrderRange = await next;
    after = orders.range.upTo;
    // Reads the next range of orders ahead while this one is judged. A failure is thrown where the
    // read is awaited, and must not count as unhandled until then.
    const ahead = after === null ? null : readOrderRange(snapshots.order, after);
    ahead?.catch(() => undefined);
    judgeRange(orders, await readAll(snapshots, orders.range), backlog, scan, findings);
    done += orders.orders.length;
    onProgress(done);
    next = ahead;
  }
  return scan;
}

interface OrderRange {
  range: IdRange;
  orders: AuditedOrder[];
  lines: Map<string, AuditedLine[]>;
}

type Accounts = Record<ParticipantName, Map<string, Account>>;

/** The last range has no upper end, so it also finds rows of later orders and of missing ones. */
async function readOrderRange(snapshot: Reader, after: string | null): Promise<OrderRange> {
  const orders = await readOrders(snapshot, after, ordersPerRange);
  const last = orders.length < ordersPerRange ? undefined : orders.at(-1);
  const range = { after, upTo: last?.orderId ?? null };
  return { range, orders, lines: await readLines(snapshot, range) };
}

async function readAll(snapshots: Snapshots, range: IdRange): Promise<Accounts> {
  const reading = participants.map(async (one) => {
    return [one.name, await readAccounts(snapshots[one.name], one, range)] as const;
  });
  return Object.fromEntries(await Promise.all(reading)) as Accounts;
}

function judgeRange(
  { orders, lines }: OrderRange,
  accounts: Accounts,
  backlog: Backlog,
  scan: Scan,
  findings: Findings,
): void {
  for (const order of orders) {
    const { orderId } = order;
    const hasRows =
      backlog.compensations.has(orderId) ||
      Object.values(accounts).some((held) => held.has(orderId));
    if (hasRows) findings.count('row-without-order', 1);
    const evidence: Evidence = {
      order,
      lines: lines.get(orderId) ?? [],
      accounts: byParticipant(({ name }) => accounts[name].get(orderId) ?? nothing),
      openCompensations: backlog.compensations.get(orderId) ?? [],
    };
    judge(evidence, scan, findings);
    for (const held of Object.values(accounts)) held.delete(orderId);
    scan.orphanRows.delete(orderId);
  }
  for (const { name } of participants) {
    for (const id of accounts[name].keys()) scan.orphanRows.set(id, `the ${name} database`);
  }
}

const checksOf = Object.fromEntries(
  orderStatuses.map((status) => [
    status,
    orderChecks.filter(({ statuses }) => statuses.includes(status)),
  ]),
) as Record<OrderStatus, OrderCheck[]>;

function judge(evidence: Evidence, scan: Scan, findings: Findings): void {
  const { order } = evidence;
  if (!(order.status in checksOf)) {
    const detail = `unknown status ${order.status}`;
    findings.add({ rule: 'order-decision', orderId: order.orderId, detail });
    return;
  }
  scan.byStatus[order.status] += 1;
  if (order.status === 'PLACING' || order.status === 'PENDING') scan.unfinished.push(order);
  for (const { rule, provisional, judges, fault } of checksOf[order.status]) {
    if (judges && !judges(order)) continue;
    const detail = fault(evidence);
    if (provisional && detail !== undefined) {
      scan.provisional.push({ rule, order, detail });
      continue;
    }
    findings.count(rule, 1);
    if (detail !== undefined) {
      findings.add({ rule, orderId: order.orderId, detail });
      findings.suspect(order.orderId, concerned(evidence));
    }
  }
}

/** Every balance that an order's faults may concern. */
function concerned(evidence: Evidence): string[] {
  const due = participants.flatMap((one) => owed(evidence, one));
  return [...due, ...moved(evidence)].map(({ id }) => id);
}
