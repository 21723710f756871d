/**
 * Two-phase commit with a durable coordinator, presumed abort (Gray, 1978; X/Open XA, 1991): the
 * branches of an order are prepared, then the decision is written, and only then are they ended.
 *
 * | step         | COMPLETE                     | CANCEL                         | tried                |
 * |--------------|------------------------------|--------------------------------|----------------------|
 * | prepare      | prepareStock, preparePoints  | —                              | for a minute         |
 * | decide       | decideOrders                 | decideOrders                   | for ever             |
 * | end branches | commitStock, commitPoints    | rollbackStock, rollbackPoints  | for ever             |
 * | end order    | completeOrders               | closeOrders                    | for ever             |
 *
 * The order service has no branch: its row carries the decision. Branches are prepared one after
 * the other, product's first, because no server sees a deadlock across two of them. No effect is
 * committed before COMPLETE has been read back, and nothing prepared is rolled back before CANCEL has. A branch that
 * cannot be ended is in doubt: it keeps its locks, somebody is told, and it is tried for ever. One
 * that somebody else ended against the decision is heuristic, and never called a success.
 */
import { CancellationScope, isCancellation, log, sleep, workflowInfo } from '@temporalio/workflow';
import type { AlertKind } from '../contracts/alerts';
import type { Decision, PlacedOrder } from '../contracts/order';
import type { BranchOutcome } from '../contracts/branches';
import type { Decided, StepOutcome, Verdict } from '../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../contracts/workflows';
import { Board } from './board';
import { branchEnds, endOne, heuristicText, type BranchEnd } from './branches';
import { pointCommand, stockCommand } from './commands';
import { branchEndsOf, orderSteps, preparesOf } from './proxies';
import { reasonOf } from './reasons';

type Prepare = 'prepareStock' | 'preparePoints';
/** How an order's own prepares ended: what to decide, or that nothing is to be decided yet. */
type Prepared = Verdict | 'held';

const lookAgainMsMax = 600_000;

/**
 * Places each of these orders by two-phase commit, each by itself. Ends when every order is
 * COMPLETED, CANCELLED, or PENDING with a broken step. One whose branch is in doubt is waited for; so
 * is a heuristic one until the history is long, and adoption then goes on with it.
 */
export async function placeByXa(input: PlaceOrdersInput): Promise<PlaceOrdersResult> {
  const coordinator = new Coordinator(input);
  await Promise.all(input.orders.map((order) => coordinator.place(order)));
  return coordinator.board.end();
}

class Coordinator {
  readonly board;
  private readonly prepares;
  private readonly order;

  constructor(private readonly input: PlaceOrdersInput) {
    this.prepares = preparesOf(input.timing);
    this.order = orderSteps(input.timing);
    this.board = new Board(input.orders, input.runbooksUrl);
  }

  async place(order: PlacedOrder): Promise<void> {
    // An adopted order may be decided already: then nothing is prepared any more.
    let decision = order.decision;
    if (!decision) {
      const prepared = await this.prepareBoth(order);
      if (prepared === 'held') return;
      const decided = await this.decide(order, prepared);
      if (decided === 'unknown') {
        // Without its row an order can be neither completed nor cancelled; an operator is told.
        this.board.mark([{ order, why: 'decideOrders, unknown-order' }], 'broken');
        return;
      }
      decision = decided;
    }
    const holds = decision;
    await CancellationScope.nonCancellable(() => this.carryOut(order, holds));
  }

  private async prepareBoth(order: PlacedOrder): Promise<Prepared> {
    const verdict =
      (await this.prepare(order, 'prepareStock', () =>
        this.prepares.prepareStock([stockCommand(order)]),
      )) ??
      (await this.prepare(order, 'preparePoints', () =>
        this.prepares.preparePoints([pointCommand(order)]),
      ));
    return verdict ?? { orderId: order.orderId, decision: 'COMPLETE', effectsFollow: true };
  }

  /** Undefined when the branch is prepared; otherwise what is to become of the order. */
  private async prepare(
    order: PlacedOrder,
    step: Prepare,
    run: () => Promise<StepOutcome[]>,
  ): Promise<Prepared | undefined> {
    const { orderId } = order;
    this.board.asked(step, [order]);
    let outcome: StepOutcome | undefined;
    try {
      [outcome] = await run();
    } catch (error) {
      const reason = isCancellation(error) ? 'cancelled-by-operator' : 'unavailable';
      const cause = reasonOf(error);
      log.warn('A prepare was given up', { reason, cause });
      this.board.answered(step, [order], [{ kind: 'given-up', reason, cause }]);
      return { orderId, decision: 'CANCEL', reason };
    }
    this.board.answered(step, [order], outcome ? [outcome] : []);
    if (outcome?.kind === 'done') return undefined;
    if (outcome?.kind === 'rejected') return { orderId, decision: 'CANCEL', reason: outcome.code };
    // `cancelled`: somebody has decided CANCEL, and is rolling back; what was decided is read. And
    // cancelling the workflow cancels an order that is broken.
    if (outcome?.kind !== 'broken' || CancellationScope.current().consideredCancelled) {
      return { orderId, decision: 'CANCEL', reason: 'unavailable' };
    }
    return this.hold(order, step, outcome);
  }

  /** A broken step is our own fault. What is prepared is let go by the scanner, if nobody comes. */
  private async hold(
    order: PlacedOrder,
    step: Prepare,
    { code, detail }: Extract<StepOutcome, { kind: 'broken' }>,
  ): Promise<'held'> {
    const more = detail === undefined ? {} : { detail };
    await CancellationScope.nonCancellable(() =>
      this.order.holdOrders([{ orderId: order.orderId, step, code, ...more }]),
    );
    this.board.mark([{ order, why: `${step}, ${code}` }], 'broken');
    return 'held';
  }

  private async decide(order: PlacedOrder, verdict: Verdict): Promise<Decided> {
    // Cancelling the workflow cancels its order, even with both branches prepared by then.
    const asked: Verdict = CancellationScope.current().consideredCancelled
      ? { orderId: order.orderId, decision: 'CANCEL', reason: 'cancelled-by-operator' }
      : verdict;
    this.board.asked('decideOrders', [order]);
    const [decision] = await CancellationScope.nonCancellable(() =>
      this.order.decideOrders([asked]),
    );
    if (!decision) throw new Error(`No decision holds for ${order.orderId}`);
    this.board.answered('decideOrders', [order], [{ kind: decision }]);
    return decision;
  }

  /** Ends both branches as was decided, and then the order. */
  private async carryOut(order: PlacedOrder, decision: Decision): Promise<void> {
    this.board.mark([{ order }], decision === 'COMPLETE' ? 'committing' : 'rolling-back');
    const ended = await Promise.all(branchEnds[decision].map((step) => this.end(order, step)));
    if (ended.includes(false)) return;
    const ids = [order.orderId];
    if (decision === 'COMPLETE') await this.order.completeOrders(ids);
    else await this.order.closeOrders(ids);
    this.board.mark([{ order }], decision === 'COMPLETE' ? 'completed' : 'cancelled');
  }

  /** Looks until the branch was seen to have ended as decided; false when adoption is to go on. */
  private async end(order: PlacedOrder, step: BranchEnd): Promise<boolean> {
    let pauseMs = this.input.timing.retryMsMax;
    for (;;) {
      const outcome = await this.endOnce(order, step);
      this.board.answered(step, [order], [outcome]);
      if (outcome.kind !== 'heuristic') return true;
      await this.alert(order, 'heuristic-outcome', heuristicText(step, outcome));
      this.board.mark([{ order, why: `${step}: was ${outcome.was}` }], 'heuristic');
      // An operator puts it right in the books, which the next look finds.
      await sleep(pauseMs);
      if (workflowInfo().continueAsNewSuggested) return false;
      pauseMs = Math.min(pauseMs * 2, lookAgainMsMax);
    }
  }

  private async endOnce(order: PlacedOrder, step: BranchEnd): Promise<BranchOutcome> {
    const { timing } = this.input;
    this.board.asked(step, [order]);
    try {
      const steps = branchEndsOf(timing, timing.compensationAttemptsMax);
      return await endOne(steps, step, order.orderId);
    } catch (error) {
      const cause = reasonOf(error);
      await this.alert(order, 'branch-in-doubt', `${step}: ${cause}`);
      this.board.mark([{ order, why: `${step}: ${cause}` }], 'in-doubt');
      return endOne(branchEndsOf(timing, Infinity), step, order.orderId);
    }
  }

  private async alert({ orderId }: PlacedOrder, kind: AlertKind, detail: string): Promise<void> {
    await this.order.alertOrders([{ orderId, kind, detail }]);
  }
}
