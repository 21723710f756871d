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
 * The two actions need nothing of each other, so they run together. Nothing is compensated
 * before CANCEL has been read back from the order's row. A compensation is owed from before its
 * action is asked for, and until the participant has said that it took nothing: silence, a
 * timeout or a cancelled workflow never cancels the debt.
 */
import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import type { FailureCode } from '../contracts/failures';
import type { PlacedOrder } from '../contracts/order';
import type { FailedCompensation, StepOutcome, Verdict } from '../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../contracts/workflows';
import type { CompensationStep } from '../contracts/participants';
import { Board } from './board';
import { pointCommand, stockCommand } from './commands';
import { compensate } from './compensate';
import { actionsOf, compensationsOf, orderSteps } from './proxies';
import { reasonOf } from './reasons';
import { answersTo, withAnswers, zip } from './zip';

/** What came of an action: the participant's word, or that we stopped asking. */
type ActionOutcome = StepOutcome | { kind: 'given-up'; reason: FailureCode; cause?: string };

interface Taken {
  order: PlacedOrder;
  stock: ActionOutcome;
  points: ActionOutcome;
}

/**
 * Places one order or a batch of them; each gets an outcome of its own, which its row records.
 * Ends when every order is COMPLETED, CANCELLED, or PENDING with somebody told.
 */
export async function placeOrders(input: PlaceOrdersInput): Promise<PlaceOrdersResult> {
  return new Saga(input).drive(input.orders);
}

class Saga {
  private readonly actions;
  private readonly compensations;
  private readonly order;
  private readonly board;

  constructor({ orders, timing, runbooksUrl }: PlaceOrdersInput) {
    this.actions = actionsOf(timing);
    this.compensations = compensationsOf(timing);
    this.order = orderSteps(timing);
    this.board = new Board(orders, runbooksUrl);
  }

  async drive(orders: PlacedOrder[]): Promise<PlaceOrdersResult> {
    // An adopted order may be decided already: CANCEL then needs no action, only compensations.
    const lost = orders.filter(({ decision }) => decision === 'CANCEL');
    const open = orders.filter(({ decision }) => decision !== 'CANCEL');
    await Promise.all([
      this.cancel(lost.map((order) => ({ order, stock: notAsked, points: notAsked }))),
      this.attempt(open),
    ]);
    return this.board.end();
  }

  private async attempt(orders: PlacedOrder[]): Promise<void> {
    if (orders.length === 0) return;
    const [stock, points] = await Promise.all([
      this.ask('deductStock', orders, () => this.actions.deductStock(orders.map(stockCommand))),
      this.ask('usePoints', orders, () => this.actions.usePoints(orders.map(pointCommand))),
    ]);
    const taken = withAnswers(orders, stock, points);
    const locked = taken.filter((t) => has(t, 'locked'));
    const broken = taken.filter((t) => !has(t, 'locked') && isToBeHeld(t));
    const settled = taken.filter((t) => !has(t, 'locked') && !isToBeHeld(t));
    this.board.mark(locked, 'held-up');
    await Promise.all([
      // A transaction that holds the rows of one order must not hold up its neighbours: those go
      // on, and the one is asked again alone. What it has done already is replayed.
      ...locked.map(({ order }) => this.attempt([order])),
      this.hold(broken),
      this.decide(settled),
    ]);
  }

  /** Asks a participant; when it gives up, the outcome is not known, and that is an outcome too. */
  private async ask(
    step: 'deductStock' | 'usePoints',
    orders: PlacedOrder[],
    action: () => Promise<StepOutcome[]>,
  ): Promise<ActionOutcome[]> {
    this.board.asked(step, orders);
    let outcomes: ActionOutcome[];
    try {
      outcomes = answersTo(orders, await action());
    } catch (error) {
      const reason = isCancellation(error) ? 'cancelled-by-operator' : 'unavailable';
      const cause = reasonOf(error);
      log.warn('An action was given up', { reason, cause });
      outcomes = orders.map(() => ({ kind: 'given-up', reason, cause }));
    }
    this.board.answered(step, orders, outcomes);
    return outcomes;
  }

  private async decide(taken: Taken[]): Promise<void> {
    if (taken.length === 0) return;
    // Cancelling the workflow cancels its undecided orders, even with everything taken by then.
    const cancelled = CancellationScope.current().consideredCancelled;
    const verdicts = taken.map((t) => verdictOn(t, cancelled));
    const orders = taken.map(({ order }) => order);
    this.board.asked('decideOrders', orders);
    const decisions = await CancellationScope.nonCancellable(() =>
      this.order.decideOrders(verdicts),
    );
    this.board.answered(
      'decideOrders',
      orders,
      decisions.map((kind) => ({ kind })),
    );
    const read = zip(taken, zip(verdicts, decisions)).map(([t, [{ reason }, decision]]) => ({
      ...t,
      why: reason,
      decision,
    }));
    const lost = read.filter(({ decision }) => decision === 'CANCEL');
    // Without its row an order can be neither completed nor cancelled; an operator is told.
    const missing = read.filter(({ decision }) => decision === 'unknown');
    this.board.mark(
      missing.map(({ order }) => ({ order, why: 'decideOrders, unknown-order' })),
      'broken',
    );
    this.board.mark(
      read.filter(({ decision }) => decision === 'COMPLETE'),
      'completed',
    );
    this.board.mark(lost.filter(tookNothing), 'cancelled');
    await this.cancel(lost.filter((t) => !tookNothing(t)));
  }

  /** Gives everything back for orders whose CANCEL has been read, shielded from cancellation. */
  private async cancel(lost: Taken[]): Promise<void> {
    if (lost.length === 0) return;
    this.board.mark(lost, 'giving-back');
    await CancellationScope.nonCancellable(async () => {
      const failures = await Promise.all([
        this.giveBack('restoreStock', lost, ({ stock }) => stock),
        this.giveBack('refundPoints', lost, ({ points }) => points),
      ]);
      const failed = failures.flat();
      if (failed.length > 0) await this.order.registerCompensations(failed);
      const owing = new Set(failed.map(({ orderId }) => orderId));
      const closed = lost.filter(({ order }) => !owing.has(order.orderId));
      if (closed.length > 0) await this.order.closeOrders(closed.map(({ order }) => order.orderId));
      this.board.mark(closed, 'cancelled');
      this.board.mark(
        lost.filter(({ order }) => owing.has(order.orderId)),
        'owed',
      );
    });
  }

  private async giveBack(
    step: CompensationStep,
    lost: Taken[],
    outcome: (t: Taken) => ActionOutcome,
  ): Promise<FailedCompensation[]> {
    const owed = lost.filter((t) => mayHaveTaken(outcome(t))).map(({ order }) => order);
    this.board.asked(step, owed);
    const failed = await compensate(this.compensations, step, owed);
    const causes = new Map(failed.map(({ orderId, error }) => [orderId, error]));
    this.board.answered(
      step,
      owed,
      owed.map(({ orderId }) => failureOf(causes.get(orderId))),
    );
    return failed;
  }

  /** A broken step is our own fault: nothing is decided, and an operator is told. */
  private async hold(broken: Taken[]): Promise<void> {
    if (broken.length === 0) return;
    const steps = broken.map(brokenStep);
    await CancellationScope.nonCancellable(() => this.order.holdOrders(steps));
    this.board.mark(
      zip(broken, steps).map(([{ order }, { step, code }]) => ({ order, why: `${step}, ${code}` })),
      'broken',
    );
  }
}

/** For an order that was decided before its participants were asked: they may still owe. */
const notAsked: ActionOutcome = { kind: 'given-up', reason: 'unavailable' };

function failureOf(cause: string | undefined) {
  return cause === undefined ? { kind: 'done' } : { kind: 'failed', cause };
}

/** Stock's refusal is named before points': a caller who lacks both fills the shelf first. */
function verdictOn(taken: Taken, cancelled: boolean): Verdict {
  const { order, stock, points } = taken;
  if (stock.kind === 'done' && points.kind === 'done' && !cancelled) {
    return { orderId: order.orderId, decision: 'COMPLETE' };
  }
  const doubtful = cancelled ? 'cancelled-by-operator' : 'unavailable';
  return {
    orderId: order.orderId,
    decision: 'CANCEL',
    reason: refusal(stock) ?? refusal(points) ?? doubt(stock) ?? doubt(points) ?? doubtful,
    nothingTaken: tookNothing(taken),
  };
}

function refusal(outcome: ActionOutcome): FailureCode | undefined {
  return outcome.kind === 'rejected' ? outcome.code : undefined;
}

function doubt(outcome: ActionOutcome): FailureCode | undefined {
  return outcome.kind === 'given-up' ? outcome.reason : undefined;
}

/** Anything but a plain "nothing was taken" leaves the compensation owed. */
function mayHaveTaken(outcome: ActionOutcome): boolean {
  return outcome.kind !== 'rejected' && outcome.kind !== 'cancelled';
}

function tookNothing({ stock, points }: Taken): boolean {
  return !mayHaveTaken(stock) && !mayHaveTaken(points);
}

function has({ stock, points }: Taken, kind: ActionOutcome['kind']): boolean {
  return stock.kind === kind || points.kind === kind;
}

/** Cancelling the workflow cancels its undecided orders, so that none of them is held. */
function isToBeHeld(taken: Taken): boolean {
  return has(taken, 'broken') && !CancellationScope.current().consideredCancelled;
}

function brokenStep({ order, stock, points }: Taken) {
  const [step, outcome] =
    stock.kind === 'broken' ? (['deductStock', stock] as const) : (['usePoints', points] as const);
  if (outcome.kind !== 'broken') throw new Error(`Order ${order.orderId} is not broken`);
  const { code, detail } = outcome;
  return { orderId: order.orderId, step, code, ...(detail !== undefined && { detail }) };
}
