import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { counted } from '../contracts/labels';
import type { StepTiming } from '../contracts/limits';
import type { PlacedOrder } from '../contracts/order';
import type { AgedInput, ForceResult } from '../contracts/workflows';
import { showTroubled } from './attributes';
import { runbookLink } from './markdown';
import { orderSteps } from './proxies';
import { brokenOf, endReservations, failingOf, isBroken, isDone } from './reservations';

/**
 * Forced confirmation, started by a schedule: what was decided COMPLETE and could not be confirmed
 * is confirmed again, whatever its age, once a run. There is no last try: only an operator can
 * decide otherwise.
 */
export async function forceConfirmations(input: AgedInput): Promise<ForceResult> {
  const { timing, olderThanMs, limit, runbooksUrl } = input;
  const order = orderSteps(timing);
  const result = { completed: 0, pending: 0 };
  let afterOrder: string | undefined = '';
  // Once the history is long the schedule's next run goes on, from the first again.
  while (afterOrder !== undefined && !workflowInfo().continueAsNewSuggested) {
    const orders = await order.findUnconfirmed({ olderThanMs, afterOrder, limit });
    const completed = await confirmAgain(order, orders, { ...timing, confirmAttemptsMax: 1 });
    result.completed += completed;
    result.pending += orders.length - completed;
    afterOrder = orders.length < limit ? undefined : orders.at(-1)?.orderId;
  }
  const { completed, pending } = result;
  const counts = `**${counted(completed + pending, 'order')}** confirmed again: ${completed} completed, ${pending} PENDING`;
  const link = runbookLink('confirmation-failing', runbooksUrl);
  setCurrentDetails(pending === 0 ? counts : `${counts}\n\n**What to do**: ${link}`);
  if (pending > 0) showTroubled();
  return result;
}

async function confirmAgain(
  order: ReturnType<typeof orderSteps>,
  orders: PlacedOrder[],
  timing: StepTiming,
): Promise<number> {
  if (orders.length === 0) return 0;
  const ended = await endReservations('confirm', timing, orders);
  const done = ended.filter(isDone).map((one) => one.order.orderId);
  if (done.length > 0) await order.completeOrders(done);
  const broken = ended.filter(isBroken);
  const failing = ended.filter((one) => !isDone(one) && !isBroken(one));
  if (failing.length > 0) {
    await order.alertOrders(failing.map((one) => failingOf('confirm', one)));
  }
  if (broken.length > 0) {
    // No alarm if an operator has changed the decision since it was read.
    const now = await order.readDecisions(broken.map((one) => one.order.orderId));
    const wrong = broken.filter((_, i) => now[i] === 'COMPLETE');
    if (wrong.length > 0) await order.holdOrders(wrong.map((one) => brokenOf('confirm', one)));
  }
  return done.length;
}
