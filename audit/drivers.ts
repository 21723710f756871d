import { deliveriesOf } from '../contracts/events';
import { isByEvent, type AuditedOrder } from './orders';
import type { InFlight } from './recheck';
import type { Scan } from './scan';
import type { AuditedWorkflows } from './workflows';

/** Finds out which workflows drive orders. */

const questionsAtOnce = 16;

/** The deliveries that orders share, by order. */
type SharedDeliveries = ReadonlyMap<string, readonly string[]>;

/** The open workflows that drive orders without any other explanation. */
export async function openOwners(
  look: AuditedWorkflows,
  scan: Scan,
  shared: SharedDeliveries,
): Promise<Set<string>> {
  const owners = scan.unfinished
    .filter(({ waitsFor }) => waitsFor === null)
    .flatMap((order) => driversOf(order, shared));
  const answers = await askAll(owners, look.isOpen);
  return new Set([...answers].flatMap(([owner, isOpen]) => (isOpen ? [owner] : [])));
}

/** Asks Temporal about many workflows, a few at a time. */
async function askAll<T>(
  workflowIds: readonly string[],
  ask: (workflowId: string) => Promise<T>,
): Promise<Map<string, T>> {
  const asked = [...new Set(workflowIds)];
  const answers = new Map<string, T>();
  for (let from = 0; from < asked.length; from += questionsAtOnce) {
    const some = asked.slice(from, from + questionsAtOnce);
    const found = await Promise.all(some.map(ask));
    found.forEach((answer, i) => answers.set(some[i] ?? '', answer));
  }
  return answers;
}

/**
 * Adoption is late only if no workflow has driven an order during the grace period. An old owner
 * may have closed only now. This is checked for orders that would otherwise count as stuck.
 */
export async function waitForAdoption(
  { closedAt, graceS }: AuditedWorkflows & { graceS: number },
  waiting: Map<AuditedOrder, InFlight['waitsFor'] | undefined>,
  shared: SharedDeliveries,
): Promise<void> {
  const stuck = [...waiting].flatMap(([order, waitsFor]) =>
    waitsFor === undefined ? [order] : [],
  );
  const closings = await askAll(
    stuck.flatMap((order) => driversOf(order, shared)),
    closedAt,
  );
  const since = Date.now() - graceS * 1_000;
  for (const order of stuck) {
    const closed = driversOf(order, shared).map((driver) => closings.get(driver)?.getTime() ?? 0);
    if (closed.some((at) => at >= since)) waiting.set(order, 'adoption');
  }
}

/**
 * The workflows that may drive the order; one open one is enough. In choreography a delivery may
 * drive it under any owner, because deliveries continue after a resolution or an adoption.
 */
export function driversOf(order: AuditedOrder, shared: SharedDeliveries): string[] {
  const { orderId, owner } = order;
  const deliveries = isByEvent(order)
    ? [deliveriesOf(orderId), ...(shared.get(orderId) ?? [])]
    : [];
  return owner === null ? deliveries : [owner, ...deliveries];
}
