import { randomUUID } from 'node:crypto';
import { ExponentialBackoff, handleType, handleWhen, retry, wrap } from 'cockatiel';
import type { Logger } from 'pino';
import type { Claims, OrderIntake } from '../activities/order/intake';
import type { StepTiming } from '../contracts/limits';
import type { Pattern, PlacedOrder } from '../contracts/order';
import type { PlaceOrdersInput } from '../contracts/workflows';
import { TemporalUnanswered, type TemporalPresence } from './temporal-presence';
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
  /** Null where claiming is all. */
  start: StartOrders | null;
  /** Asked before each claim: what could not be started is not claimed. */
  temporal: Pick<TemporalPresence, 'confirm' | 'expect'>;
  timing: StepTiming;
  logger: Logger;
}

export interface SendOptions {
  startAttemptsMax: number;
  startRetryMs: number;
  /** Called once the claim is answered, however. */
  claimed: () => void;
  /** Aborted when the process cannot wait any longer for a start to be answered. */
  leaving: AbortSignal;
}

/** An order on its way, with whom to tell. */
export interface BatchedOrder {
  orderId: string;
  /** It has an owner that drives it. */
  admit: () => void;
  refuse: (error: unknown) => void;
}

/** Between two starts that nobody has answered. */
const unansweredPauseMsMax = 1_000;

/**
 * Claims a batch and starts its workflow. The id is minted once, so that both may be repeated.
 * The caller whose order is claimed is told so before the start: from the claim on the order ends,
 * by adoption if need be. Never rejects; undefined when no workflow of ours is known to run.
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
  if (orders.length === 0 || start === null) return undefined;
  const expected = deps.temporal.expect();
  let answered = true;
  try {
    return await startPolicy(options).execute(
      () => start(workflowId, { orders, timing: deps.timing }),
      options.leaving,
    );
  } catch (error) {
    answered = !(error instanceof TemporalUnanswered);
    // Not the callers' failure: the orders are PLACING, and adoption will drive them.
    deps.logger.error(
      { err: error, workflowId, orders: orders.length },
      'a workflow could not be started; its claimed orders wait for adoption',
    );
    return undefined;
  } finally {
    expected.end(answered);
  }
}

/** What is refused is tried a few times; what is not answered, until it is. */
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
