import { randomUUID } from 'node:crypto';
import { ExponentialBackoff, handleType, handleWhen, retry, wrap } from 'cockatiel';
import type { Logger } from 'pino';
import type { Claims, OrderIntake } from '../../activities/order/intake';
import type { StepTiming } from '../../contracts/limits';
import type { Pattern, PlacedOrder } from '../../contracts/order';
import type { PlaceOrdersInput } from '../../contracts/workflows';
import { TemporalUnanswered, type TemporalPresence } from './temporal-presence';
import { toProblem, orderOutcomeUnknown, unavailable } from '../http/unavailability';

/** A workflow that this call or an earlier attempt started. */
export interface StartedWorkflow {
  /** Resolves when the workflow has closed, with any status. Never rejects. */
  closed: Promise<void>;
}

/**
 * Starts the workflow that drives a batch of claimed orders. The API calls it again with the same
 * id if Temporal did not acknowledge the start. An id that is taken counts as started.
 */
export type StartOrders = (workflowId: string, input: PlaceOrdersInput) => Promise<StartedWorkflow>;

export interface BatchDeps {
  pattern: Pattern;
  claimOrders: OrderIntake['claimOrders'];
  /** Null if the claim alone begins the order. */
  start: StartOrders | null;
  /** Resolves once one of these orders has ended or is PENDING, or after a while. Never rejects. */
  whenOneHasEnded: (orders: readonly PlacedOrder[]) => Promise<void>;
  /** Asked before each claim: orders that could not be started are not claimed. */
  temporal: Pick<TemporalPresence, 'confirm' | 'expect'>;
  timing: StepTiming;
  logger: Logger;
}

export interface SendOptions {
  startAttemptsMax: number;
  startRetryMs: number;
  /** Called once the claim has succeeded or failed. */
  claimed: () => void;
  /** Aborted when the process can no longer wait for Temporal to acknowledge a start. */
  leaving: AbortSignal;
}

/** An order in a batch, with the callbacks for its callers. */
export interface BatchedOrder {
  orderId: string;
  /** The order has an owner that drives it. */
  admit: () => void;
  refuse: (error: unknown) => void;
}

/** The longest pause after a start that Temporal did not acknowledge. */
const unansweredPauseMsMax = 1_000;

/**
 * Claims a batch and starts its workflow. The id is minted once, so both may be repeated. Callers
 * are admitted once their order is claimed: from then on it will finish, if necessary by adoption.
 * Never rejects. Answers undefined if no workflow of this batch is known to run.
 */
export async function sendBatch(
  deps: BatchDeps,
  batch: readonly BatchedOrder[],
  options: SendOptions,
): Promise<StartedWorkflow | undefined> {
  const workflowId = `place-${randomUUID()}`;
  const orders = await claim(deps, batch, workflowId);
  options.claimed();
  const { start } = deps;
  if (orders.length === 0) return undefined;
  if (start === null) return { closed: deps.whenOneHasEnded(orders) };
  const expected = deps.temporal.expect();
  let answered = true;
  try {
    return await startPolicy(options).execute(
      () => start(workflowId, { orders, timing: deps.timing }),
      options.leaving,
    );
  } catch (error) {
    answered = !(error instanceof TemporalUnanswered);
    // The callers' requests have not failed: the orders are PLACING, and adoption will drive them.
    deps.logger.error(
      { err: error, workflowId, orders: orders.length },
      'cannot start a workflow; adoption will drive its claimed orders',
    );
    return undefined;
  } finally {
    expected.end(answered);
  }
}

/** Retries a refused start a few times, and an unacknowledged one until Temporal answers. */
function startPolicy({ startAttemptsMax, startRetryMs: initialDelay }: SendOptions) {
  return wrap(
    retry(handleType(TemporalUnanswered), {
      maxAttempts: Infinity,
      backoff: new ExponentialBackoff({ initialDelay, maxDelay: unansweredPauseMsMax }),
    }),
    retry(
      handleWhen((error) => !(error instanceof TemporalUnanswered)),
      { maxAttempts: startAttemptsMax - 1, backoff: new ExponentialBackoff({ initialDelay }) },
    ),
  );
}

async function claim(
  deps: BatchDeps,
  batch: readonly BatchedOrder[],
  workflowId: string,
): Promise<PlacedOrder[]> {
  let claims: Claims;
  try {
    await deps.temporal.confirm();
  } catch (error) {
    for (const { refuse } of batch) refuse(error);
    return [];
  }
  try {
    const ids = batch.map(({ orderId }) => orderId);
    claims = await deps.claimOrders(ids, workflowId, deps.pattern);
  } catch (error) {
    for (const { orderId, refuse } of batch) {
      refuse(toProblem(error, (cause) => orderOutcomeUnknown(orderId, cause)));
    }
    return [];
  }
  const locked = new Set(claims.locked);
  for (const { orderId, admit, refuse } of batch) {
    if (locked.has(orderId)) refuse(unavailable());
    // Also if another workflow owns the order: its caller waits for that workflow's outcome.
    else admit();
  }
  return claims.claimed;
}
