import type { OrderIntake } from '../../activities/order/intake';
import type { OrderQueries, OrderSummary, PlaceableOrder } from '../../activities/order/queries';
import { isTerminal, type Pattern } from '../../contracts/order';
import { timedOut, within } from '../deadline';
import type { Dispatcher } from './dispatcher';
import { batchLoader, gathering } from './batch-loader';
import type { OutcomeWatcher } from './outcome-watcher';
import { Problem } from '../http/problems';
import type { TemporalPresence } from './temporal-presence';
import { toProblem, orderOutcomeUnknown, overloaded } from '../http/unavailability';

export interface PlacementDeps {
  intake: OrderIntake;
  orders: OrderQueries;
  watcher: OutcomeWatcher;
  /** One for each pattern that this installation offers. */
  dispatchers: ReadonlyMap<Pattern, Dispatcher>;
  /** While Temporal does not answer, no order ends, so callers do not wait. */
  temporal: Pick<TemporalPresence, 'away'>;
  defaultPattern: Pattern;
  /** Patterns that answer their callers at once. */
  answeredAtOnce: ReadonlySet<Pattern>;
  /** Why a pattern is not offered. */
  unavailable?: Partial<Record<Pattern, string>>;
  /**
   * Even `respond-async` waits for the claim: an order counts as accepted only once it is claimed.
   */
  admissionMsMax: number;
}

export interface PlacementRequest {
  orderId: string;
  customerId: string;
  /** Undefined means the default pattern. */
  pattern: Pattern | undefined;
  waitMs: number;
  /** Aborted when the caller has gone. */
  gone: AbortSignal;
}

/** Both answer the order's latest state. If the order has not ended, the wait is over. */
export interface PlacementService {
  place(request: PlacementRequest): Promise<OrderSummary>;
  cancel(request: Omit<PlacementRequest, 'pattern'>): Promise<OrderSummary>;
}

const cancelMsMax = 10_000;
/** How long a last read may delay an answer that is known already. */
const lastLookMsMax = 1_000;

/** Places and cancels orders, and waits for their outcomes. */
export function createPlacement(deps: PlacementDeps): PlacementService {
  const read = batchLoader<string, PlaceableOrder | undefined>({
    ...gathering,
    load: async (ids) => {
      const found = await deps.orders.placeable(ids);
      return ids.map((id) => found.get(id));
    },
  });
  /** Another customer's order gets the same answer as one that does not exist. */
  const readOwn = async (orderId: string, customerId: string) => {
    const order = await read(orderId);
    if (order?.customerId !== customerId) throw noSuchOrder();
    return order;
  };
  /**
   * From here on the request has taken effect, so a failing read must not answer that it did
   * nothing.
   */
  const outcome = async (
    assumed: OrderSummary,
    waitMs: number,
    gone?: AbortSignal,
    isEnough?: (order: OrderSummary) => boolean,
  ): Promise<OrderSummary> => {
    const patienceMs = deps.temporal.away ? 0 : waitMs;
    const settled = await deps.watcher.wait(assumed.orderId, patienceMs, gone, isEnough);
    if (settled) return settled;
    const now = await within(lastLookMsMax, read(assumed.orderId)).catch(() => undefined);
    return now === timedOut ? assumed : (now ?? assumed);
  };

  return {
    async place({ orderId, customerId, pattern = deps.defaultPattern, gone, ...request }) {
      const order = await readOwn(orderId, customerId);
      // An order placed again with another pattern keeps the recorded one.
      const waitMs = deps.answeredAtOnce.has(order.pattern ?? pattern) ? 0 : request.waitMs;
      if (isTerminal(order.status) || order.status === 'PENDING') return order;
      if (order.status === 'PLACING') return outcome(order, waitMs, gone);
      const endsAt = performance.now() + waitMs;
      await admit(deps, order, pattern, waitMs);
      const accepted = { ...order, status: 'PLACING' as const, pattern };
      const answer = await outcome(accepted, endsAt - performance.now(), gone);
      if (answer.status !== 'PLACING') deps.dispatchers.get(pattern)?.ended(orderId);
      return answer;
    },
    async cancel({ orderId, customerId, waitMs, gone }) {
      const order = await readOwn(orderId, customerId);
      if (order.status === 'CANCELLED') return order;
      if (await cancelNow(deps, orderId)) return outcome({ ...order, status: 'CANCELLED' }, 0);
      // The order may have been PENDING for long; only this decision lets it end.
      return outcome({ ...order, decision: 'CANCEL' }, waitMs, gone, hasEnded);
    },
  };
}

function hasEnded({ status }: OrderSummary): boolean {
  return isTerminal(status);
}

/** The same for an order that does not exist and for another customer's. */
export function noSuchOrder(): Problem {
  return new Problem('not-found', 'You have no order with this id.');
}

/** Resolves once this or another process has claimed the order. */
async function admit(
  { dispatchers, admissionMsMax, unavailable }: PlacementDeps,
  order: PlaceableOrder,
  pattern: Pattern,
  waitMs: number,
): Promise<void> {
  const dispatcher = dispatchers.get(pattern);
  if (!dispatcher) {
    const available = [...dispatchers.keys()];
    throw new Problem(
      'pattern-unavailable',
      [unavailable?.[pattern], `Nothing was done. Available: ${available.join(', ')}.`]
        .filter((sentence) => sentence !== undefined)
        .join(' '),
      {
        extensions: { available },
      },
    );
  }
  const placement = dispatcher.place(order);
  const admitted = await within(Math.max(waitMs, admissionMsMax), placement.admitted);
  if (admitted !== timedOut) return;
  throw placement.withdraw() ? overloaded() : orderOutcomeUnknown(order.orderId);
}

/** True if the order has ended; false if participants must give back first. */
async function cancelNow({ intake }: PlacementDeps, orderId: string): Promise<boolean> {
  const outcome = await within(cancelMsMax, intake.cancelOrder(orderId)).catch((error: unknown) => {
    throw toProblem(error, (cause) => orderOutcomeUnknown(orderId, cause));
  });
  if (outcome === timedOut) throw orderOutcomeUnknown(orderId);
  if (outcome === undefined) throw noSuchOrder();
  if (outcome !== 'completed') return outcome === 'cancelled';
  throw new Problem('already-completed', 'The order was completed before the cancel arrived.', {
    extensions: { orderId },
  });
}
