import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { counted } from '../contracts/labels';
import type { StepTiming } from '../contracts/limits';
import type { PlacedOrder } from '../contracts/order';
import type { AgedInput, ForceResult } from '../contracts/workflows';
import { showTroubled } from './attributes';
import { GrowingTable, quoted, runbookLink } from './markdown';
import { orderSteps } from './proxies';
import {
  brokenOf,
  byOutcome,
  endReservations,
  failingOf,
  isBroken,
  type Ended,
} from './reservations';

/**
 * Forced confirmation, started by a schedule: what was decided COMPLETE and could not be confirmed
 * is confirmed again, whatever its age, once a run. There is no last try: only an operator can
 * decide otherwise.
 */
export async function forceConfirmations(input: AgedInput): Promise<ForceResult> {
  const { timing, olderThanMs, limit, runbooksUrl } = input;
  const order = orderSteps(timing);
  const result = { completed: 0, pending: 0 };
  const waiting = new GrowingTable(['order', 'why it is not confirmed']);
  let afterOrder: string | undefined = '';
  show(result, waiting, runbooksUrl);
  // Once the history is long the schedule's next run goes on, from the first again.
  while (afterOrder !== undefined && !workflowInfo().continueAsNewSuggested) {
    const orders = await order.findUnconfirmed({ olderThanMs, afterOrder, limit });
    const left = await confirmAgain(order, orders, { ...timing, confirmAttemptsMax: 1 });
    result.completed += orders.length - left.length;
    result.pending += left.length;
    for (const one of left) waiting.add(one.order.orderId, quoted(whyNot(one)));
    show(result, waiting, runbooksUrl);
    afterOrder = orders.length < limit ? undefined : orders.at(-1)?.orderId;
  }
  return result;
}

/** @returns those that are not confirmed */
async function confirmAgain(
  order: ReturnType<typeof orderSteps>,
  orders: PlacedOrder[],
  timing: StepTiming,
): Promise<Ended[]> {
  if (orders.length === 0) return [];
  const ended = await endReservations('confirm', timing, orders, 'answer');
  const { done, locked, broken, failing } = byOutcome(ended);
  const [lockedLeft] = await Promise.all([
    // Each alone: none waits for the others' rows, and what is confirmed waits for none of them.
    Promise.all(locked.map((one) => confirmAgain(order, [one.order], timing))),
    done.length > 0 && order.completeOrders(done.map((one) => one.order.orderId)),
    failing.length > 0 && order.alertOrders(failing.map((one) => failingOf('confirm', one))),
    hold(order, broken),
  ]);
  return [...broken, ...failing, ...lockedLeft.flat()];
}

/** No alarm if an operator has changed the decision since it was read. */
async function hold(order: ReturnType<typeof orderSteps>, broken: Ended[]): Promise<void> {
  if (broken.length === 0) return;
  const now = await order.readDecisions(broken.map((one) => one.order.orderId));
  const wrong = broken.filter((_, i) => now[i] === 'COMPLETE');
  if (wrong.length > 0) await order.holdOrders(wrong.map((one) => brokenOf('confirm', one)));
}

function whyNot(one: Ended): string {
  if (!isBroken(one)) return failingOf('confirm', one).detail;
  const { step, code } = brokenOf('confirm', one);
  return `${step}: ${code}`;
}

/** What an operator reads in the Temporal UI: the orders that wait on, why, and what to do. */
function show(
  { completed, pending }: ForceResult,
  waiting: GrowingTable,
  runbooksUrl: string | undefined,
): void {
  const lines = [
    `**${counted(completed + pending, 'order')}** confirmed again: ` +
      `${completed} completed, ${pending} PENDING`,
  ];
  if (pending > 0) {
    showTroubled();
    const link = runbookLink('confirmation-failing', runbooksUrl);
    lines.push('', `Those are confirmed again later. **What to do**: ${link}`);
    lines.push(...waiting.lines());
  }
  setCurrentDetails(lines.join('\n'));
}
