/**
 * The baseline before there were services: one local transaction with pessimistic row locks
 * (Gray and Reuter, "Transaction Processing", 1993, two-phase locking), possible while the three
 * databases are on one server.
 *
 * | step            | activity              | promise                                           |
 * |-----------------|-----------------------|---------------------------------------------------|
 * | place           | placeInOneTransaction | stock, points, decision and status in one commit: |
 * |                 |                       | all of it or nothing                              |
 * | decide (cancel) | decideOrders          | only for an order whose transaction was given up: |
 * |                 |                       | first writer wins, and the transaction is late    |
 * | close           | closeOrders           | only for one that was to CANCEL before it began   |
 *
 * The order's row is locked first of all, and is the barrier: the transaction that comes second
 * finds it decided. So CANCEL alone proves that nothing was taken and that nothing will be, there
 * is nothing to compensate, and a transaction whose outcome is unknown is simply run again.
 */
import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import type { FailureCode } from '../contracts/failures';
import type { PlacedOrder } from '../contracts/order';
import type { BrokenOrder, StepOutcome } from '../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../contracts/workflows';
import { Board } from './board';
import { lockCommand } from './commands';
import { lockSteps, orderSteps } from './proxies';
import { reasonOf } from './reasons';
import { answersTo, zip } from './zip';

const step = 'placeInOneTransaction';

/** Places orders, each in one transaction with all that belongs to it. */
export async function placeByLock(input: PlaceOrdersInput): Promise<PlaceOrdersResult> {
  return new Lock(input).drive(input.orders);
}

interface Answered {
  order: PlacedOrder;
  outcome: StepOutcome;
}

class Lock {
  private readonly lock;
  private readonly order;
  private readonly board;

  constructor({ orders, timing, runbooksUrl }: PlaceOrdersInput) {
    this.lock = lockSteps(timing);
    this.order = orderSteps(timing);
    this.board = new Board(orders, runbooksUrl);
  }

  async drive(orders: PlacedOrder[]): Promise<PlaceOrdersResult> {
    await Promise.all([
      // An adopted order may be decided already: with CANCEL only its end is missing.
      this.close(orders.filter(({ decision }) => decision === 'CANCEL')),
      this.attempt(orders.filter(({ decision }) => decision !== 'CANCEL')),
    ]);
    return this.board.end();
  }

  private async attempt(orders: PlacedOrder[]): Promise<void> {
    if (orders.length === 0) return;
    this.board.asked(step, orders);
    let outcomes: StepOutcome[];
    try {
      const answers = await this.lock.placeInOneTransaction(orders.map(lockCommand));
      outcomes = answersTo(orders, answers);
    } catch (error) {
      const reason = isCancellation(error) ? 'cancelled-by-operator' : 'unavailable';
      await this.giveUp(orders, reason, reasonOf(error));
      return;
    }
    this.board.answered(step, orders, outcomes);
    await this.settle(zip(orders, outcomes).map(([order, outcome]) => ({ order, outcome })));
  }

  private async settle(answered: Answered[]): Promise<void> {
    const ofKind = (...kinds: StepOutcome['kind'][]) =>
      answered.filter(({ outcome }) => kinds.includes(outcome.kind));
    this.board.mark(ofKind('done'), 'completed');
    this.board.mark(ofKind('rejected', 'cancelled').map(withReason), 'cancelled');
    const locked = ofKind('locked');
    this.board.mark(locked, 'held-up');
    await Promise.all([
      // A transaction that holds the rows of one order must not hold up its neighbours.
      ...locked.map(({ order }) => this.attempt([order])),
      this.hold(ofKind('broken')),
    ]);
  }

  /**
   * Nobody knows whether the transaction was made, or is still being made. CANCEL waits for the
   * row that it has locked, and is answered COMPLETE if it was; or is first, and then stays so.
   */
  private async giveUp(orders: PlacedOrder[], reason: FailureCode, cause: string): Promise<void> {
    log.warn('A transaction was given up', { reason, cause });
    const because = { kind: 'given-up', reason, cause };
    this.board.answered(
      step,
      orders,
      orders.map(() => because),
    );
    await this.cancel(orders, reason);
  }

  private async cancel(orders: PlacedOrder[], reason: FailureCode): Promise<void> {
    this.board.asked('decideOrders', orders);
    const decisions = await CancellationScope.nonCancellable(() =>
      this.order.decideOrders(
        orders.map(({ orderId }) => ({ orderId, decision: 'CANCEL', reason, nothingTaken: true })),
      ),
    );
    this.board.answered(
      'decideOrders',
      orders,
      decisions.map((kind) => ({ kind })),
    );
    const read = zip(orders, decisions).map(([order, decision]) => ({ order, decision }));
    const completed = read.filter(({ decision }) => decision === 'COMPLETE');
    const cancelled = read.filter(({ decision }) => decision === 'CANCEL');
    const missing = read.filter(({ decision }) => decision === 'unknown');
    this.board.mark(
      missing.map(({ order }) => ({ order, why: 'decideOrders, unknown-order' })),
      'broken',
    );
    this.board.mark(completed, 'completed');
    this.board.mark(
      cancelled.map(({ order }) => ({ order, why: reason })),
      'cancelled',
    );
  }

  private async close(orders: PlacedOrder[]): Promise<void> {
    if (orders.length === 0) return;
    const orderIds = orders.map(({ orderId }) => orderId);
    await CancellationScope.nonCancellable(() => this.order.closeOrders(orderIds));
    this.board.mark(
      orders.map((order) => ({ order })),
      'cancelled',
    );
  }

  /**
   * A broken step is our own fault: nothing is decided, and an operator is told. One who has
   * cancelled the workflow has said already what is to become of the order.
   */
  private async hold(broken: Answered[]): Promise<void> {
    if (broken.length === 0) return;
    if (CancellationScope.current().consideredCancelled) {
      await this.cancel(
        broken.map(({ order }) => order),
        'cancelled-by-operator',
      );
      return;
    }
    const held = broken.map(brokenOrder);
    await CancellationScope.nonCancellable(() => this.order.holdOrders(held));
    this.board.mark(
      zip(broken, held).map(([{ order }, { code }]) => ({ order, why: `${step}, ${code}` })),
      'broken',
    );
  }
}

function withReason({ order, outcome }: Answered) {
  return { order, why: outcome.kind === 'rejected' ? outcome.code : undefined };
}

function brokenOrder({ order: { orderId }, outcome }: Answered): BrokenOrder {
  if (outcome.kind !== 'broken') throw new Error(`Order ${orderId} is not broken`);
  const { code, detail } = outcome;
  return { orderId, step, code, ...(detail !== undefined && { detail }) };
}
