/**
 * The orchestrated saga (Garcia-Molina and Salem, 1987): effects are immediate and seen by
 * others; what must not stay is compensated.
 *
 * | step         | action      | compensation | why there is none                                |
 * |--------------|-------------|--------------|--------------------------------------------------|
 * | take stock   | deductStock | restoreStock |                                                  |
 * | take points  | usePoints   | refundPoints |                                                  |
 * | decide       | decideOrders| —            | first writer wins, and it never changes; it ends |
 * |              |             |              | what is COMPLETE in the same statement           |
 * | close        | closeOrders | —            | only follows a CANCEL that has been made good    |
 *
 * The actions are independent, so they run together. Nothing is compensated before CANCEL has been
 * read back from the order's row. A compensation is owed from before its action is requested until
 * the participant confirms that it took nothing. Silence, a timeout or a cancelled workflow does
 * not cancel the debt.
 */
import { CancellationScope } from '@temporalio/workflow';
import type { PlacedOrder } from '../contracts/order';
import type { RegisteredParticipant } from '../contracts/participants';
import type { DecisionRequest } from '../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../contracts/workflows';
import { allAre, brokenOf, ordersOf, type Part } from './shared/answered';
import { byWhatFollows, reasonToCancel, type Answer, type Asked, takeInRounds } from './shared/ask';
import { failuresOf, giveBack, giveBackAgain } from './shared/compensate';
import { participantsIn } from './shared/participants';
import { inRounds } from './shared/rounds';
import { Run } from './shared/run';

/**
 * Places one order or a batch. Each order gets an outcome of its own, which its row records. Ends
 * when every order is COMPLETED, CANCELLED, or PENDING with an alert.
 */
export async function placeOrders(input: PlaceOrdersInput): Promise<PlaceOrdersResult> {
  return new Saga(input).drive(input.orders);
}

class Saga {
  private readonly run;

  constructor(input: PlaceOrdersInput) {
    this.run = new Run(input);
  }

  async drive(orders: PlacedOrder[]): Promise<PlaceOrdersResult> {
    // An adopted order may be decided already. CANCEL then needs only compensations.
    const lost = orders.filter(({ decision }) => decision === 'CANCEL');
    const open = orders.filter(({ decision }) => decision !== 'CANCEL');
    await Promise.all([this.cancel(lost.map((order) => Saga.unasked(order))), this.attempt(open)]);
    return this.run.end();
  }

  private async attempt(orders: PlacedOrder[]): Promise<void> {
    if (orders.length === 0) return;
    await takeInRounds(this.run, 'action', orders, {
      handOn: (asked) => this.settle(asked),
      // Steps that the order has done already replay.
      startAgain: ({ order }) => this.attempt([order]),
    });
  }

  private async settle(asked: Asked[]): Promise<void> {
    const { broken, settled } = byWhatFollows(asked);
    await Promise.all([this.run.hold(broken.map(brokenOf)), this.decide(settled)]);
  }

  private async decide(asked: Asked[]): Promise<void> {
    if (asked.length === 0) return;
    // Cancelling the workflow cancels its undecided orders, even if everything was taken by then.
    const cancelled = CancellationScope.current().consideredCancelled;
    const decided = await this.run.decide(asked, (one) => verdictOn(one, cancelled));
    const lost = decided.flatMap(({ item, decision }) => (decision === 'CANCEL' ? [item] : []));
    await this.cancel(lost.filter((one) => !tookNothing(one)));
  }

  /** Gives everything back for orders whose CANCEL has been read. Shielded from cancellation. */
  private async cancel(lost: Asked[]): Promise<void> {
    if (lost.length === 0) return;
    const owedTo = (participant: RegisteredParticipant) =>
      ordersOf(lost.filter((one) => mayOwe(one, participant)));
    await CancellationScope.nonCancellable(async () =>
      inRounds(this.run.timing, await giveBack(this.run, ordersOf(lost), owedTo), {
        askAgain: (held) => giveBackAgain(this.run, held),
        handOn: (given) => this.run.close(ordersOf(given), given.flatMap(failuresOf)),
      }),
    );
  }

  /**
   * An order that was decided before this workflow asked its participants, which may have taken
   * something.
   */
  private static unasked(order: PlacedOrder): Asked {
    const answer: Answer = { kind: 'given-up', reason: 'unavailable' };
    const parts = participantsIn(order).map((participant) => ({
      participant,
      step: participant.steps.saga.action,
      answer,
    }));
    return { order, parts };
  }
}

function verdictOn(asked: Asked, cancelled: boolean): DecisionRequest {
  const { orderId } = asked.order;
  if (allAre(asked, 'done') && !cancelled) return { orderId, decision: 'COMPLETE' };
  const reason = reasonToCancel(asked, cancelled);
  return { orderId, decision: 'CANCEL', reason, nothingTaken: tookNothing(asked) };
}

/** Whether this participant may have taken something of the order. */
function mayOwe({ parts }: Asked, participant: RegisteredParticipant): boolean {
  return parts.some((part) => part.participant === participant && mayHaveTaken(part));
}

/** Every answer except "nothing was taken" leaves the compensation owed. */
function mayHaveTaken({ answer }: Part<Answer>): boolean {
  return answer.kind !== 'rejected' && answer.kind !== 'cancelled';
}

function tookNothing({ parts }: Asked): boolean {
  return !parts.some(mayHaveTaken);
}
