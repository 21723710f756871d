/**
 * The baseline without services: one local transaction with pessimistic row locks (Gray and Reuter,
 * "Transaction Processing", 1993, two-phase locking), possible while the three databases are on one
 * server.
 *
 * | step            | activity              | promise                                           |
 * |-----------------|-----------------------|---------------------------------------------------|
 * | place           | placeInOneTransaction | stock, points, decision and status in one commit: |
 * |                 |                       | all of it or nothing                              |
 * | decide (cancel) | decideOrders          | only for an order whose transaction was given up: |
 * |                 |                       | first writer wins, and the transaction is late    |
 * | close           | closeOrders           | only for one that was to CANCEL before it began   |
 *
 * The order's row is locked first and is the barrier: a second transaction finds the order decided.
 * So CANCEL alone proves that nothing was taken and nothing will be, nothing needs compensation,
 * and a transaction with an unknown outcome is simply run again.
 */
import { CancellationScope } from '@temporalio/workflow';
import type { FailureCode } from '../contracts/failures';
import type { PlacedOrder } from '../contracts/order';
import type { ActionOutcome, Broken, LockCommand } from '../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../contracts/workflows';
import { brokenOrder } from './shared/answered';
import { givenUp } from './shared/ask';
import { Run } from './shared/run';
import { lockSteps } from './shared/steps';
import { answersTo, zip } from './shared/zip';

const step = 'placeInOneTransaction';

/** Places orders, each in one transaction with all that belongs to it. */
export async function placeByLock(input: PlaceOrdersInput): Promise<PlaceOrdersResult> {
  return new Lock(input).drive(input.orders);
}

class Lock {
  private readonly run;
  private readonly lock;

  constructor(input: PlaceOrdersInput) {
    this.run = new Run(input);
    this.lock = lockSteps(this.run);
  }

  async drive(orders: PlacedOrder[]): Promise<PlaceOrdersResult> {
    await Promise.all([
      // An adopted order may be decided already: with CANCEL only its end is missing.
      CancellationScope.nonCancellable(() =>
        this.run.close(orders.filter(({ decision }) => decision === 'CANCEL')),
      ),
      this.attempt(orders.filter(({ decision }) => decision !== 'CANCEL')),
    ]);
    return this.run.end();
  }

  private async attempt(orders: PlacedOrder[]): Promise<void> {
    if (orders.length === 0) return;
    let outcomes: ActionOutcome[];
    try {
      const commands = orders.map((order) => this.commandOf(order));
      outcomes = answersTo(orders, await this.lock.placeInOneTransaction(commands));
    } catch (error) {
      await this.cancel(orders, givenUp(step, error).reason);
      return;
    }
    await this.settle(zip(orders, outcomes));
  }

  /** One transaction gets the commands of all participants. */
  private commandOf(order: PlacedOrder): LockCommand {
    const parts = this.run.participants.map((participant) => participant.command(order));
    return Object.assign({}, ...parts) as LockCommand;
  }

  private async settle(answered: [PlacedOrder, ActionOutcome][]): Promise<void> {
    const locked = answered.flatMap(([order, { kind }]) => (kind === 'locked' ? [order] : []));
    const broken = answered.flatMap(([order, outcome]) =>
      outcome.kind === 'broken' ? [{ order, outcome }] : [],
    );
    await Promise.all([
      // A transaction that locks one order's rows must not block the other orders.
      ...locked.map((order) => this.attempt([order])),
      this.hold(broken),
    ]);
  }

  /**
   * The transaction may have committed, or may still be running. Writing CANCEL waits for the row
   * that it has locked, and gets COMPLETE if it committed. Otherwise CANCEL comes first and stays.
   */
  private async cancel(orders: PlacedOrder[], reason: FailureCode): Promise<void> {
    await this.run.decide(
      orders.map((order) => ({ order })),
      ({ order: { orderId } }) => ({ orderId, decision: 'CANCEL', reason, nothingTaken: true }),
    );
  }

  /**
   * A broken step is a fault of the system: nothing is decided, and an alert is raised. If an
   * operator has cancelled the workflow, the order is cancelled instead.
   */
  private async hold(broken: { order: PlacedOrder; outcome: Broken }[]): Promise<void> {
    if (broken.length === 0) return;
    if (CancellationScope.current().consideredCancelled) {
      await this.cancel(
        broken.map(({ order }) => order),
        'cancelled-by-operator',
      );
      return;
    }
    await this.run.hold(broken.map(({ order, outcome }) => brokenOrder(order, step, outcome)));
  }
}
