import { orderStatuses, type OrderStatus } from '../contracts/order';
import type { Evidence } from './evidence';
import type { Findings } from './findings';
import { orderChecks, type OrderCheck } from './order-checks';
import { readLines, readOrders, type AuditedLine, type AuditedOrder, type Backlog } from './orders';
import { points, readAccounts, stock, type Account, type IdRange } from './participants';
import type { RuleId } from './rules';
import type { Reader } from './snapshot';

/** Orders judged at a time: enough that a read is worth its trip, few enough to fit in memory. */
const ordersPerRange = 10_000;

/** The three databases, each as it was at one instant; the orders' came first. */
export interface Snapshots {
  order: Reader;
  product: Reader;
  point: Reader;
}

/** A finding that counts only if the order's row turns out not to have changed meanwhile. */
export interface ProvisionalFinding {
  rule: RuleId;
  order: AuditedOrder;
  detail: string;
}

/** What the walk over all orders leaves to be looked at again. */
export interface Walk {
  byStatus: Record<OrderStatus, number>;
  unfinished: AuditedOrder[];
  provisional: ProvisionalFinding[];
  /** Orders that have rows somewhere and were not among the orders read: where the rows are. */
  strangers: Map<string, string>;
}

const nothing: Account = { taken: [], givenBack: [], reserved: [], steps: {} };

/**
 * Judges every order by every rule that applies to it. Both sides are read in the order of their
 * keys, one range of orders and all that belongs to them at a time, so that a million orders take
 * no more memory than ten thousand, and the databases may be on different servers.
 */
export async function walkOrders(
  snapshots: Snapshots,
  backlog: Backlog,
  findings: Findings,
  onProgress: (ordersDone: number) => void,
): Promise<Walk> {
  const walk: Walk = {
    byStatus: { CREATED: 0, PLACING: 0, PENDING: 0, COMPLETED: 0, CANCELLED: 0 },
    unfinished: [],
    provisional: [],
    strangers: new Map([...backlog.compensations.keys()].map((id) => [id, 'the registry'])),
  };
  let done = 0;
  let after: string | null = null;
  let next: Promise<OrderRange> | null = readOrderRange(snapshots.order, after);
  while (next) {
    const orders: OrderRange = await next;
    after = orders.range.upTo;
    // The order database reads ahead while the participants answer and the range is judged; a
    // failure of either is thrown where it is awaited, and must not count as unheard until then.
    const ahead = after === null ? null : readOrderRange(snapshots.order, after);
    ahead?.catch(() => undefined);
    judgeRange(orders, await readBoth(snapshots, orders.range), backlog, walk, findings);
    done += orders.orders.length;
    onProgress(done);
    next = ahead;
  }
  return walk;
}

interface OrderRange {
  range: IdRange;
  orders: AuditedOrder[];
  lines: Map<string, AuditedLine[]>;
}

interface Accounts {
  stock: Map<string, Account>;
  points: Map<string, Account>;
}

/** The last range has no upper end, so that rows of later orders, and of none, are met as well. */
async function readOrderRange(snapshot: Reader, after: string | null): Promise<OrderRange> {
  const orders = await readOrders(snapshot, after, ordersPerRange);
  const last = orders.length < ordersPerRange ? undefined : orders.at(-1);
  const range = { after, upTo: last?.orderId ?? null };
  return { range, orders, lines: await readLines(snapshot, range) };
}

async function readBoth({ product, point }: Snapshots, range: IdRange): Promise<Accounts> {
  const [ofStock, ofPoints] = await Promise.all([
    readAccounts(product, stock, range),
    readAccounts(point, points, range),
  ]);
  return { stock: ofStock, points: ofPoints };
}

function judgeRange(
  { orders, lines }: OrderRange,
  accounts: Accounts,
  backlog: Backlog,
  walk: Walk,
  findings: Findings,
): void {
  for (const order of orders) {
    const { orderId } = order;
    const hasRows =
      accounts.stock.has(orderId) ||
      accounts.points.has(orderId) ||
      backlog.compensations.has(orderId);
    if (hasRows) findings.count('row-without-order', 1);
    const evidence: Evidence = {
      order,
      lines: lines.get(orderId) ?? [],
      stock: accounts.stock.get(orderId) ?? nothing,
      points: accounts.points.get(orderId) ?? nothing,
      openCompensations: backlog.compensations.get(orderId) ?? [],
    };
    judge(evidence, walk, findings);
    accounts.stock.delete(orderId);
    accounts.points.delete(orderId);
    walk.strangers.delete(orderId);
  }
  for (const id of accounts.stock.keys()) walk.strangers.set(id, 'the product database');
  for (const id of accounts.points.keys()) walk.strangers.set(id, 'the point database');
}

const checksOf = Object.fromEntries(
  orderStatuses.map((status) => [
    status,
    orderChecks.filter(({ statuses }) => statuses.includes(status)),
  ]),
) as Record<OrderStatus, OrderCheck[]>;

function judge(evidence: Evidence, walk: Walk, findings: Findings): void {
  const { order } = evidence;
  if (!(order.status in checksOf)) {
    const detail = `unknown status ${order.status}`;
    findings.add({ rule: 'order-decision', orderId: order.orderId, detail });
    return;
  }
  walk.byStatus[order.status] += 1;
  if (order.status === 'PLACING' || order.status === 'PENDING') walk.unfinished.push(order);
  for (const { rule, provisional, judges, fault } of checksOf[order.status]) {
    if (judges && !judges(order)) continue;
    const detail = fault(evidence);
    if (provisional && detail !== undefined) {
      walk.provisional.push({ rule, order, detail });
      continue;
    }
    findings.count(rule, 1);
    if (detail !== undefined) {
      findings.add({ rule, orderId: order.orderId, detail });
      findings.suspect(order.orderId, concerned(evidence));
    }
  }
}

/** Every product and customer that an order's faults may have to do with. */
function concerned({ order, lines, stock: s, points: p }: Evidence): string[] {
  const moved = [s, p].flatMap(({ taken, givenBack }) => [...taken, ...givenBack]);
  return [
    order.customerId,
    ...lines.map(({ productId }) => productId),
    ...moved.map(({ key }) => key),
  ];
}
