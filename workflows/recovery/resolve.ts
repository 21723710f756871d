import {
  CancellationScope,
  executeChild,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import { initialAttributes, summaryOf } from '../../contracts/labels';
import { taskQueues } from '../../contracts/names';
import type { AdoptedOrder, Decision, PlacedOrder } from '../../contracts/order';
import { patternRows } from '../../contracts/patterns';
import type { FreezeCommand, Resolution, ResolutionOutcome } from '../../contracts/reservations';
import type {
  PlaceOrdersInput,
  PlaceOrdersResult,
  ResolveInput,
  ResolveResult,
} from '../../contracts/workflows';
import { isSearchable, showTroubled, showWorstStatus } from '../ui/attributes';
import { showDetails } from '../ui/details';
import { quoted, runbookLink } from '../ui/markdown';
import { participantsIn } from '../shared/participants';
import { freezeOf, orderSteps, thawOf } from '../shared/steps';
import { failureMessage } from '../shared/reasons';

/**
 * An operator's resolution of a PENDING order. Every resolution of an existing order is recorded,
 * also a refused one.
 *
 * | asked for | undecided                     | COMPLETE                            | CANCEL         |
 * |-----------|-------------------------------|-------------------------------------|----------------|
 * | retry     | its pattern's workflow again  | the same                            | the same       |
 * | confirm   | unsafe: it may be impossible  | TCC: the same; else unsafe          | unsafe         |
 * | cancel    | CANCEL, then its workflow     | TCC: freeze, CANCEL; else unsafe    | its workflow   |
 *
 * A cancel after COMPLETE first freezes every reservation. If one is confirmed already, everything
 * is thawed and the decision stays. If all are frozen, nothing can be confirmed any more, and the
 * decision changes to CANCEL, the only change that a decision may have. If this workflow dies in
 * between, the workflow that adopts the order thaws it: only the owner may thaw, and only the owner
 * may change the decision.
 *
 * Cancelling this workflow cancels the workflow that drives the order, and with it the order if it
 * is undecided. Work that had begun is finished and recorded with its outcome.
 */
export async function resolveOrder(input: ResolveInput): Promise<ResolveResult> {
  const { orderId, action, reason, operator, timing } = input;
  const { workflowId } = workflowInfo();
  showDetails(() => begun(input));
  const order = orderSteps({ timing });
  const request = { orderId, action, reason, operator };
  const shielded = <T>(step: () => Promise<T>) => CancellationScope.nonCancellable(step);
  const resolution = await shielded(() => order.openResolution(request, workflowId));
  if (!resolution) return ended(input, 'not-pending');
  const safe = await shielded(() => prepare(input, resolution, order));
  if (safe) await driveOn(input, safe);
  const refused = safe ? [] : (['unsafe'] as const);
  return ended(input, await shielded(() => order.closeResolution(workflowId, ...refused)));
}

const statusAfter = {
  completed: 'COMPLETED',
  cancelled: 'CANCELLED',
  pending: 'PENDING',
  unsafe: 'PENDING',
  'not-pending': null,
} as const;

function ended(input: ResolveInput, outcome: ResolutionOutcome): ResolveResult {
  if (outcome === 'pending') showTroubled();
  showWorstStatus(statusAfter[outcome]);
  const stuck = runbookLink('stuck-order', input.runbooksUrl);
  const advice = {
    completed: '',
    cancelled: '',
    pending: `: see why in the details of \`${driver()}\`. **What to do**: ${stuck}`,
    unsafe: `: nothing was changed, and the order still waits. **What to do**: ${stuck}`,
    'not-pending': ': nothing was changed',
  };
  showDetails(() => `${whatOf(input)}: **${outcome}**${advice[outcome]}`);
  return { outcome };
}

/**
 * Shows operators that the resolution runs; the steps are in the details of the order's own
 * workflow.
 */
function begun(input: ResolveInput): string {
  const link = runbookLink('step-failing', input.runbooksUrl);
  return [
    `${whatOf(input)}: in progress, because: ${quoted(input.reason)}`,
    '',
    `If it is safe, \`${driver()}\` drives the order, and its details show the steps. If ` +
      `this lasts: the pending activities say what is retried, and why; ${link}`,
  ].join('\n');
}

function whatOf({ action, orderId, operator }: ResolveInput): string {
  return `**${action}** of order ${orderId} by ${quoted(operator)}`;
}

/** The workflow that drives the order for this resolution. */
function driver(): string {
  return `${workflowInfo().workflowId}-drive`;
}

/** Prepares the order for the operator's action; null if the action is not safe. */
async function prepare(
  input: ResolveInput,
  { number, order: placed }: Resolution,
  order: ReturnType<typeof orderSteps>,
): Promise<AdoptedOrder | null> {
  const { action, timing, orderId } = input;
  const command = { orderId, resolution: number };
  const { mayBeOverturned } = patternRows[placed.pattern];
  const decided = (decision: Decision) => ({ ...placed, decision });
  if (placed.decision === 'COMPLETE') {
    if (!mayBeOverturned) return action === 'retry' ? placed : null;
    if (action !== 'cancel') {
      // An older resolution may have frozen the order and died.
      await thaw(input, placed, command);
      return placed;
    }
    const overturned =
      (await freeze(input, placed, command)) &&
      (await order.overturnDecision(orderId, workflowInfo().workflowId));
    if (overturned) return decided('CANCEL');
    await thaw(input, placed, command);
    return null;
  }
  if (action === 'confirm') return null;
  if (action === 'retry' || placed.decision === 'CANCEL') return placed;
  const cancel = { orderId, decision: 'CANCEL', reason: 'cancelled-by-operator' } as const;
  const [decision] = await orderSteps({ timing }).decideOrders([cancel]);
  // The order may have been decided since; that decision stays.
  return decision === 'CANCEL' ? decided('CANCEL') : null;
}

/** True if all participants have frozen the order, so nothing of it can be confirmed now. */
async function freeze(
  { timing }: ResolveInput,
  order: PlacedOrder,
  command: FreezeCommand,
): Promise<boolean> {
  try {
    const answers = await Promise.all(
      participantsIn(order).map((one) => freezeOf(one, { timing })([command])),
    );
    return answers.flat().every(({ kind }) => kind === 'done');
  } catch (error) {
    // A failed freeze counts as not frozen. Errors that are not Temporal failures are thrown again.
    failureMessage(error);
    return false;
  }
}

async function thaw(
  { timing }: ResolveInput,
  order: PlacedOrder,
  command: FreezeCommand,
): Promise<void> {
  await Promise.all(participantsIn(order).map((one) => thawOf(one, { timing })([command])));
}

/** Runs the workflow of the order's own pattern, to the order's end or its next wait. */
async function driveOn(input: ResolveInput, { pattern, ...order }: AdoptedOrder): Promise<void> {
  try {
    await executeChild<(input: PlaceOrdersInput) => Promise<PlaceOrdersResult>>(
      patternRows[pattern].workflow,
      {
        workflowId: driver(),
        taskQueue: taskQueues.workflow,
        args: [inputOf(order, input)],
        staticSummary: `${summaryOf(pattern, [order])}, ${input.action} by ${input.operator}`,
        ...(isSearchable() && { typedSearchAttributes: initialAttributes(pattern, [order]) }),
      },
    );
  } catch (error) {
    // Cancelled before it began: the order waits as before, or for adoption if it is decided.
    if (!isCancellation(error)) throw error;
  }
}

function inputOf(order: PlacedOrder, { timing, runbooksUrl }: ResolveInput): PlaceOrdersInput {
  return { orders: [order], timing, ...(runbooksUrl !== undefined && { runbooksUrl }) };
}
