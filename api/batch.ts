import { randomUUID } from 'node:crypto';
import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import type { Logger } from 'pino';
import type { Claims, OrderIntake } from '../activities/order/intake';
import type { StepTiming } from '../contracts/limits';
import type { Pattern, PlacedOrder } from '../contracts/order';
import type { PlaceOrdersInput } from '../contracts/workflows';
import { explain, orderOutcomeUnknown, unavailable } from './unavailability';

/** A workflow that was started, by us or by an earlier try of ours. */
export interface StartedWorkflow {
  /** Resolves when the workflow has closed, however it ended; never rejects. */
  closed: Promise<void>;
}

/**
 * Starts the workflow that drives a batch of claimed orders. Called again with the same id when
 * a start was not acknowledged; an id that is taken counts as started.
 */
export type StartOrders = (workflowId: string, input: PlaceOrdersInput) => Promise<StartedWorkflow>;

export interface BatchDeps {
  pattern: Pattern;
  claimOrders: OrderIntake['claimOrders'];
  start: StartOrders;
  timing: StepTiming;
  logger: Logger;
}

export interface StartRetries {
  startAttemptsMax: number;
  startRetryMs: number;
}

/** An order on its way, with whom to tell. */
export interface BatchedOrder {
  orderId: string;
  /** It has an owner that drives it. */
  admit: () => void;
  refuse: (error: unknown) => void;
}

/**
 * Claims a batch and starts its workflow. The id is minted once, so that both may be repeated.
 * Whoever's order is claimed is told so before the start: from the claim on the order ends, by
 * adoption if need be. Never rejects; undefined when no workflow of ours is known to run.
 */
export async function sendBatch(
  deps: BatchDeps,
  batch: readonly BatchedOrder[],
  retries: StartRetries,
): Promise<StartedWorkflow | undefined> {
  const workflowId = `place-${randomUUID()}`;
  const orders = await claim(deps, batch, workflowId);
  if (orders.length === 0) return undefined;
  try {
    return await retry(handleAll, {
      maxAttempts: retries.startAttemptsMax - 1,
      backoff: new ExponentialBackoff({ initialDelay: retries.startRetryMs }),
    }).execute(() => deps.start(workflowId, { orders, timing: deps.timing }));
  } catch (error) {
    // Not the callers' failure: the orders are PLACING, and adoption will drive them.
    deps.logger.error(
      { err: error, workflowId, orders: orders.length },
      'a workflow could not be started; its claimed orders wait for adoption',
    );
    return undefined;
  }
}

async function claim(
  deps: BatchDeps,
  batch: readonly BatchedOrder[],
  workflowId: string,
): Promise<PlacedOrder[]> {
  let claims: Claims;
  try {
    const ids = batch.map(({ orderId }) => orderId);
    claims = await deps.claimOrders(ids, workflowId, deps.pattern);
  } catch (error) {
    for (const { orderId, refuse } of batch) {
      refuse(explain(error, (cause) => orderOutcomeUnknown(orderId, cause)));
    }
    return [];
  }
  const locked = new Set(claims.locked);
  for (const { orderId, admit, refuse } of batch) {
    if (locked.has(orderId)) refuse(unavailable());
    // Also when it was another's already: then its caller waits for what the other makes of it.
    else admit();
  }
  return claims.claimed;
}
