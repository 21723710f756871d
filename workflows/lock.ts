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
import type { PlacedOrder } from '../contracts/order';
import type { LockCommand, WhenHeld } from '../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../contracts/workflows';
import { brokenOf, has, ordersOf } from './shared/answered';
import { givenUp, giveUpHeld, reasonToCancel, unlessCancelled, type Answer } from './shared/ask';
import { inRounds } from './shared/rounds';
import { Run } from './shared/run';
import { placeInOneOf } from './shared/steps';
import { answersTo, zip } from './shared/zip';

const step = 'placeInOneTransaction';

/** An order with what came of its transaction. */
interface Asked {
  order: PlacedOrder;
  parts: [{ step: string; answer: Answer }];
}

/** Places orders, each in one transaction with all that belongs to it. */
export async function placeByLock(input: PlaceOrdersInput): Promise<PlaceOrdersResult> {
  return new Lock(input).drive(input.orders);
}

class Lock {
  private readonly run;
  private readonly place;

  constructor(input: PlaceOrdersInput) {
    this.run = new Run(input);
    this.place = placeInOneOf(this.run);
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
    await inRounds(this.run.timing, await this.ask(orders, 'tell'), {
      askAgain: (held, round) =>
        unlessCancelled(this.run, held, round, (rest) => this.ask(ordersOf(rest), 'wait')),
      giveUp: giveUpHeld,
      handOn: (asked) => this.settle(asked),
      onHeld: (held) => this.run.view.mark(ordersOf(held), 'held-up'),
      startAgain: ({ order }) => this.attempt([order]),
    });
  }

  private async ask(orders: PlacedOrder[], whenHeld: WhenHeld): Promise<Asked[]> {
    const commands = orders.map((order) => this.commandOf(order));
    let answers: Answer[];
    try {
      answers = answersTo(orders, await this.place(commands, whenHeld));
    } catch (error) {
      const answer = givenUp(step, error);
      answers = orders.map(() => answer);
    }
    return zip(orders, answers).map(([order, answer]): Asked => ({
      order,
      parts: [{ step, answer }],
    }));
  }

  /** One transaction gets the commands of all participants. */
  private commandOf(order: PlacedOrder): LockCommand {
    const parts = this.run.participants.map((participant) => participant.command(order));
    return Object.assign({}, ...parts) as LockCommand;
  }

  private async settle(asked: Asked[]): Promise<void> {
    const broken = asked.filter((one) => has(one, 'broken'));
    const givenUp = asked.filter((one) => has(one, 'given-up'));
    // If an operator has cancelled the workflow, a broken order is cancelled instead of held.
    const isCancelled = CancellationScope.current().consideredCancelled;
    await Promise.all([
      isCancelled ? undefined : this.run.hold(broken.map(brokenOf)),
      this.cancel(isCancelled ? [...broken, ...givenUp] : givenUp),
    ]);
  }

  /**
   * The transaction may have committed, or may still be running. Writing CANCEL waits for the row
   * that it has locked, and gets COMPLETE if it committed. Otherwise CANCEL comes first and stays.
   */
  private async cancel(asked: Asked[]): Promise<void> {
    if (asked.length === 0) return;
    await this.run.decide(asked, (one) => ({
      orderId: one.order.orderId,
      decision: 'CANCEL',
      reason: reasonToCancel(one, true),
      nothingTaken: true,
    }));
  }
}
