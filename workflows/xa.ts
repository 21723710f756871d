/**
 * Two-phase commit with a durable coordinator, presumed abort (Gray, 1978; X/Open XA, 1991): the
 * branches of an order are prepared, then the decision is written, and only then are they ended.
 *
 * | step         | COMPLETE                     | CANCEL                         | tried                |
 * |--------------|------------------------------|--------------------------------|----------------------|
 * | prepare      | prepareStock, preparePoints  | —                              | for a minute         |
 * | decide       | decideOrders                 | decideOrders                   | indefinitely         |
 * | end branches | commitStock, commitPoints    | rollbackStock, rollbackPoints  | indefinitely         |
 * | end order    | completeOrders               | closeOrders                    | indefinitely         |
 *
 * The order service has no branch: its row holds the decision. Branches are prepared one after the
 * other, product's first, because no server detects a deadlock across two branches. No effect is
 * committed before COMPLETE has been read back, and nothing prepared is rolled back before CANCEL
 * has. A branch that cannot be ended is in doubt: it keeps its locks, an alert is raised, and the
 * workflow retries indefinitely. A branch that someone else ended against the decision is
 * heuristic, and never counts as success.
 */
import { CancellationScope, sleep, workflowInfo } from '@temporalio/workflow';
import type { BranchOutcome } from '../contracts/branches';
import { defaultTiming } from '../contracts/limits';
import type { Decision, PlacedOrder } from '../contracts/order';
import type { RegisteredParticipant } from '../contracts/participants';
import type { PrepareOutcome, DecisionRequest } from '../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../contracts/workflows';
import { brokenOrder } from './shared/answered';
import { givenUp } from './shared/ask';
import {
  branchEndName,
  branchEnds,
  endOne,
  heuristicText,
  type BranchEnd,
} from './shared/branches';
import { participantsIn } from './shared/participants';
import { failureMessage } from './shared/reasons';
import { Run } from './shared/run';
import { branchEndOf, prepareOf } from './shared/steps';

/** How an order's prepares ended: the verdict, or `held` if nothing can be decided yet. */
type Prepared = DecisionRequest | 'held';

const lookAgainMsMax = 600_000;

/**
 * Places each of these orders by two-phase commit, independently. Ends when every order is
 * COMPLETED, CANCELLED, or PENDING with a broken step. Waits for an order whose branch is in doubt,
 * and for a heuristic one until the history is long; adoption then continues with it.
 */
export async function placeByXa(input: PlaceOrdersInput): Promise<PlaceOrdersResult> {
  return new Coordinator(input).drive(input.orders);
}

class Coordinator {
  private readonly run;

  constructor(input: PlaceOrdersInput) {
    this.run = new Run(input);
  }

  async drive(orders: PlacedOrder[]): Promise<PlaceOrdersResult> {
    await Promise.all(orders.map((order) => this.place(order)));
    return this.run.end();
  }

  private async place(order: PlacedOrder): Promise<void> {
    // An adopted order may be decided already; then nothing more is prepared.
    const decision = order.decision ?? (await this.prepareAndDecide(order));
    if (!decision) return;
    await CancellationScope.nonCancellable(() => this.carryOut(order, decision));
  }

  /** Undefined if nothing can be carried out; an alert was raised. */
  private async prepareAndDecide(order: PlacedOrder): Promise<Decision | undefined> {
    const prepared = await this.prepareAll(order);
    if (prepared === 'held') return undefined;
    // Cancelling the workflow cancels its order, even if all branches are prepared by then.
    const verdict: DecisionRequest = CancellationScope.current().consideredCancelled
      ? { orderId: order.orderId, decision: 'CANCEL', reason: 'cancelled-by-operator' }
      : prepared;
    const [decided] = await this.run.decide([{ order }], () => verdict);
    return decided?.decision;
  }

  /** In series, because no server detects a deadlock across branches. */
  private async prepareAll(order: PlacedOrder): Promise<Prepared> {
    for (const participant of participantsIn(order)) {
      const prepared = await this.prepare(order, participant);
      if (prepared) return prepared;
    }
    return { orderId: order.orderId, decision: 'COMPLETE', effectsFollow: true };
  }

  /** Undefined if the branch is prepared; otherwise the order's verdict. */
  private async prepare(
    order: PlacedOrder,
    participant: RegisteredParticipant,
  ): Promise<Prepared | undefined> {
    const { orderId } = order;
    const step = participant.steps.xa.prepare;
    let outcome: PrepareOutcome;
    try {
      outcome = await this.prepareWhenFree(order, participant);
    } catch (error) {
      return { orderId, decision: 'CANCEL', reason: givenUp(step, error).reason };
    }
    switch (outcome.kind) {
      case 'done':
        return undefined;
      case 'rejected':
        return { orderId, decision: 'CANCEL', reason: outcome.code };
      case 'cancelled':
        // CANCEL was decided elsewhere, and its writer is rolling back; this reads the decision.
        return { orderId, decision: 'CANCEL', reason: 'unavailable' };
      case 'locked':
        return { orderId, decision: 'CANCEL', reason: 'unavailable' };
      case 'broken':
        // Cancelling the workflow cancels an order that is broken.
        if (CancellationScope.current().consideredCancelled) {
          return { orderId, decision: 'CANCEL', reason: 'unavailable' };
        }
        // If no operator acts, the scanner rolls back what is prepared.
        await this.run.hold([brokenOrder(order, step, outcome)]);
        return 'held';
    }
  }

  /**
   * Asks again while another session has locked the rows, unless the order was cancelled. An order
   * with a prepared branch holds that branch's rows meanwhile, so it waits only as long as for a
   * step that fails.
   */
  private async prepareWhenFree(
    order: PlacedOrder,
    participant: RegisteredParticipant,
  ): Promise<PrepareOutcome> {
    const { timing, order: service, view } = this.run;
    const { heldMsMax = defaultTiming.heldMsMax, actionMsMax, firstRetryMs, retryMsMax } = timing;
    const isFirst = participantsIn(order)[0] === participant;
    const beganAt = Date.now();
    const prepare = prepareOf(participant, this.run);
    for (let round = 0; ; round += 1) {
      const whenHeld = round === 0 ? 'tell' : 'wait';
      const [outcome] = await prepare([participant.command(order)], whenHeld);
      if (!outcome) throw new Error(`${participant.steps.xa.prepare} answered nothing`);
      const isOver = Date.now() - beganAt >= (isFirst ? heldMsMax : actionMsMax);
      if (outcome.kind !== 'locked' || isOver) return outcome;
      if (round === 0) continue;
      view.mark([order], 'held-up');
      const [decision] = await service.readDecisions([order.orderId]);
      if (decision === 'CANCEL') return outcome;
      await sleep(Math.min(firstRetryMs * 2 ** (round - 1), retryMsMax));
    }
  }

  /** Ends all branches by the decision, and then the order. */
  private async carryOut(order: PlacedOrder, decision: Decision): Promise<void> {
    const { order: service } = this.run;
    const end = branchEnds[decision];
    const ended = await Promise.all(participantsIn(order).map((one) => this.end(order, one, end)));
    if (ended.includes(false)) return;
    const ids = [order.orderId];
    if (decision === 'COMPLETE') await service.completeOrders(ids);
    else await service.closeOrders(ids);
  }

  /** Checks until the branch has ended as decided; false if an operator's retry must continue. */
  private async end(
    order: PlacedOrder,
    participant: RegisteredParticipant,
    end: BranchEnd,
  ): Promise<boolean> {
    const { orderId } = order;
    const step = branchEndName(participant, end);
    let pauseMs = this.run.timing.retryMsMax;
    for (;;) {
      const outcome = await this.endOnce(order, participant, end);
      if (outcome.kind !== 'heuristic') return true;
      const detail = heuristicText(step, outcome);
      await this.run.alert({ orderId, kind: 'heuristic-outcome', detail });
      // An operator corrects the books, and the next check finds that.
      await sleep(pauseMs);
      if (workflowInfo().continueAsNewSuggested) return false;
      pauseMs = Math.min(pauseMs * 2, lookAgainMsMax);
    }
  }

  private async endOnce(
    { orderId }: PlacedOrder,
    participant: RegisteredParticipant,
    end: BranchEnd,
  ): Promise<BranchOutcome> {
    const step = branchEndName(participant, end);
    const tried = (attemptsMax: number) => branchEndOf(participant, end, this.run, attemptsMax);
    try {
      return await endOne(step, tried(this.run.timing.compensationAttemptsMax), orderId);
    } catch (error) {
      const detail = `${step}: ${failureMessage(error)}`;
      await this.run.alert({ orderId, kind: 'branch-in-doubt', detail });
      return endOne(step, tried(Infinity), orderId);
    }
  }
}
