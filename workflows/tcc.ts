/**
 * Try, Confirm, Cancel (Pardon and Pautasso, 2011; after Helland's tentative operations, 2007):
 * what an order needs is reserved first, and leaves the books only once everything is reserved.
 * Others see that it is no longer available and not yet gone.
 *
 * | step           | try       | confirm       | cancel       | what it promises                  |
 * |----------------|-----------|---------------|--------------|-----------------------------------|
 * | reserve stock  | tryStock  | confirmStock  | cancelStock  | a confirm of what was tried is     |
 * | reserve points | tryPoints | confirmPoints | cancelPoints | never rejected by the business    |
 * | decide         | decideOrders                             || first writer wins                 |
 * | end            |           | completeOrders| closeOrders  | only once both have answered done |
 *
 * Nothing is confirmed before COMPLETE has been read back from the order's row, nothing cancelled
 * before CANCEL. After COMPLETE the order can only go forward, unless an operator freezes every
 * reservation first: see resolve.ts. A confirm or a cancel that keeps failing leaves the order
 * PENDING, with an alert. Forced confirmation (force.ts) then retries the confirm, and adoption the
 * cancel. The participants' sweep (sweep.ts) ends reservations that all of these have missed.
 */
import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { Decision, PlacedOrder } from '../contracts/order';
import type { RegisteredParticipant } from '../contracts/participants';
import type { DecisionRequest } from '../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../contracts/workflows';
import { allAre, brokenOf, ordersOf } from './shared/answered';
import { byWhatFollows, reasonToCancel, type Asked, takeInRounds } from './shared/ask';
import {
  byOutcome,
  endAgain,
  endReservations,
  failingOf,
  type Ended,
  type Phase,
} from './shared/reservations';
import { participantsIn } from './shared/participants';
import { inRounds } from './shared/rounds';
import { Run } from './shared/run';
import { thawOf } from './shared/steps';
import { zip } from './shared/zip';

/** Places orders by TCC. Like the saga it may begin at any point of an order's life. */
export async function placeByTcc(input: PlaceOrdersInput): Promise<PlaceOrdersResult> {
  return new Tcc(input).drive(input.orders);
}

class Tcc {
  private readonly run;

  constructor(input: PlaceOrdersInput) {
    this.run = new Run(input);
  }

  async drive(orders: PlacedOrder[]): Promise<PlaceOrdersResult> {
    const decided = (wanted: PlacedOrder['decision']) =>
      orders.filter(({ decision }) => decision === wanted);
    await Promise.all([
      this.cancel(decided('CANCEL')),
      this.resume(decided('COMPLETE')),
      this.attempt(decided(undefined)),
    ]);
    return this.run.end();
  }

  private async attempt(orders: PlacedOrder[]): Promise<void> {
    if (orders.length === 0) return;
    await takeInRounds(this.run, 'try', orders, {
      handOn: (asked) => this.settle(asked),
      // Reservations that the order has made already replay.
      startAgain: ({ order }) => this.attempt([order]),
    });
  }

  private async settle(asked: Asked[]): Promise<void> {
    const { broken, settled } = byWhatFollows(asked);
    const cancelled = CancellationScope.current().consideredCancelled;
    await Promise.all([
      this.run.hold(broken.map(brokenOf)),
      this.decide(settled, (one) => verdictOn(one, cancelled)),
    ]);
  }

  /** The second phase is shielded from cancellation: the workflow carries a decision out. */
  private async decide<T extends { order: PlacedOrder }>(
    items: T[],
    verdictOf: (item: T) => DecisionRequest,
  ): Promise<void> {
    if (items.length === 0) return;
    await CancellationScope.nonCancellable(async () => {
      const decided = await this.run.decide(items, verdictOf);
      const ordersTo = (wanted: Decision) =>
        decided.flatMap(({ item, decision }) => (decision === wanted ? [item.order] : []));
      await Promise.all([this.confirm(ordersTo('COMPLETE')), this.cancel(ordersTo('CANCEL'))]);
    });
  }

  /**
   * Resumes an adopted COMPLETE order. An operator's resolution that owned it before may have died
   * with the reservations frozen. This workflow is the owner, so no newer resolution has begun.
   */
  private async resume(orders: PlacedOrder[]): Promise<void> {
    const { order: service } = this.run;
    await CancellationScope.nonCancellable(async () => {
      for (const order of orders) {
        const { orderId } = order;
        const resolution = await service.lastResolution(orderId, workflowInfo().workflowId);
        if (resolution === null || resolution === 0) continue;
        const thaw = (one: RegisteredParticipant) =>
          thawOf(one, this.run)([{ orderId, resolution }]);
        await Promise.all(participantsIn(order).map(thaw));
      }
    });
    await this.decide(
      orders.map((order) => ({ order })),
      ({ order }) => complete(order),
    );
  }

  private async confirm(orders: PlacedOrder[]): Promise<void> {
    await this.end('confirm', orders, async (ended) => {
      const { order } = this.run;
      const { done, broken, failing } = byOutcome(ended);
      if (done.length > 0) await order.completeOrders(done.map((one) => one.order.orderId));
      await this.leave('confirm', failing);
      if (broken.length === 0) return;
      // No alert if an operator has changed the decision since: then the order must be cancelled.
      const now = await order.decideOrders(broken.map((one) => complete(one.order)));
      const read = zip(broken, now);
      const still = read.flatMap(([one, decision]) => (decision === 'CANCEL' ? [] : [one]));
      await this.run.hold(still.map(brokenOf));
      await this.cancel(
        read.flatMap(([one, decision]) => (decision === 'CANCEL' ? [one.order] : [])),
      );
    });
  }

  private async cancel(orders: PlacedOrder[]): Promise<void> {
    await this.end('cancel', orders, async (ended) => {
      const { done, broken, failing } = byOutcome(ended);
      await this.run.close(ordersOf(done));
      await this.leave('cancel', failing);
      await this.run.hold(broken.map(brokenOf));
    });
  }

  /** The second phase, for decided orders. Some of them may have to wait. */
  private async end(
    phase: Phase,
    orders: PlacedOrder[],
    handOn: (ended: Ended[]) => Promise<void>,
  ): Promise<void> {
    if (orders.length === 0) return;
    const { participants, timing } = this.run;
    await CancellationScope.nonCancellable(async () =>
      inRounds(timing, await endReservations(participants, phase, this.run, orders), {
        askAgain: (held) => endAgain(participants, phase, this.run, held),
        handOn,
      }),
    );
  }

  /** Orders whose steps keep failing become PENDING, with an alert, and wait for recovery. */
  private async leave(phase: Phase, failing: Ended[]): Promise<void> {
    if (failing.length > 0) await this.run.alert(...failing.map((one) => failingOf(phase, one)));
  }
}

/** Only the decision; its effects, the confirms, follow. */
function complete({ orderId }: PlacedOrder): DecisionRequest {
  return { orderId, decision: 'COMPLETE', effectsFollow: true };
}

/** All participants carry CANCEL out, whatever they have answered. */
function verdictOn(asked: Asked, cancelled: boolean): DecisionRequest {
  if (allAre(asked, 'done') && !cancelled) return complete(asked.order);
  const { orderId } = asked.order;
  return { orderId, decision: 'CANCEL', reason: reasonToCancel(asked, cancelled) };
}
