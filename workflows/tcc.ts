/**
 * Try, Confirm, Cancel (Pardon and Pautasso, 2011; after Helland's tentative operations, 2007):
 * what an order needs is reserved first, and leaves the books only once it is certain that all
 * of it can. Others see that it is not available any more, and not yet gone.
 *
 * | step           | try       | confirm       | cancel       | what it promises                  |
 * |----------------|-----------|---------------|--------------|-----------------------------------|
 * | reserve stock  | tryStock  | confirmStock  | cancelStock  | a confirm of what was tried is     |
 * | reserve points | tryPoints | confirmPoints | cancelPoints | never rejected by the business    |
 * | decide         | decideOrders                             || first writer wins                 |
 * | end            |           | completeOrders| closeOrders  | only once both have answered done |
 *
 * Nothing is confirmed before COMPLETE has been read back from the order's row, nothing cancelled
 * before CANCEL. After COMPLETE the way leads only forward, unless an operator freezes every
 * reservation first: see resolve.ts. A confirm or a cancel that keeps failing leaves the order
 * PENDING, with an alert: the one is then forced by a schedule (force.ts), and the other by
 * adoption. The participants' sweep (sweep.ts) ends what all of these have missed.
 */
import { CancellationScope, isCancellation, log, workflowInfo } from '@temporalio/workflow';
import type { FailureCode } from '../contracts/failures';
import type { PlacedOrder } from '../contracts/order';
import type { StepOutcome, Verdict } from '../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../contracts/workflows';
import { Board } from './board';
import { pointCommand, stockCommand } from './commands';
import { orderSteps, participantsOf, untiringParticipants } from './proxies';
import { reasonOf } from './reasons';
import {
  brokenOf,
  byOutcome,
  endReservations,
  failingOf,
  phaseSteps,
  type Ended,
  type Phase,
} from './reservations';
import { answersTo, withAnswers, zip } from './zip';

/** What came of a try: the participant's word, or that we stopped asking. */
type TryOutcome = StepOutcome | { kind: 'given-up'; reason: FailureCode; cause: string };

interface Tried {
  order: PlacedOrder;
  stock: TryOutcome;
  points: TryOutcome;
}

/** Places orders by TCC; like the saga it may begin at any point of an order's life. */
export async function placeByTcc(input: PlaceOrdersInput): Promise<PlaceOrdersResult> {
  return new Tcc(input).drive(input.orders);
}

class Tcc {
  private readonly timing;
  private readonly order;
  private readonly board;

  constructor({ orders, timing, runbooksUrl }: PlaceOrdersInput) {
    this.timing = timing;
    this.order = orderSteps(timing);
    this.board = new Board(orders, runbooksUrl);
  }

  async drive(orders: PlacedOrder[]): Promise<PlaceOrdersResult> {
    const decided = (wanted: PlacedOrder['decision']) =>
      orders.filter(({ decision }) => decision === wanted);
    await Promise.all([
      this.cancel(decided('CANCEL')),
      this.resume(decided('COMPLETE')),
      this.attempt(decided(undefined)),
    ]);
    return this.board.end();
  }

  private async attempt(orders: PlacedOrder[]): Promise<void> {
    if (orders.length === 0) return;
    const { product, point } = participantsOf(this.timing);
    const [stock, points] = await Promise.all([
      this.ask('tryStock', orders, () => product.tryStock(orders.map(stockCommand))),
      this.ask('tryPoints', orders, () => point.tryPoints(orders.map(pointCommand))),
    ]);
    const tried = withAnswers(orders, stock, points);
    const locked = tried.filter((t) => has(t, 'locked'));
    const broken = tried.filter((t) => !has(t, 'locked') && isToBeHeld(t));
    const settled = tried.filter((t) => !has(t, 'locked') && !isToBeHeld(t));
    this.board.mark(locked, 'held-up');
    await Promise.all([
      // As in the saga: it is asked again alone, and what it has reserved already is replayed.
      ...locked.map(({ order }) => this.attempt([order])),
      this.hold('try', broken),
      this.decide(
        settled.map(({ order }) => order),
        settled.map((t) => verdictOn(t, CancellationScope.current().consideredCancelled)),
      ),
    ]);
  }

  /** Asks a participant; when it gives up, the outcome is not known, and that is an outcome too. */
  private async ask(
    step: 'tryStock' | 'tryPoints',
    orders: PlacedOrder[],
    action: () => Promise<StepOutcome[]>,
  ): Promise<TryOutcome[]> {
    this.board.asked(step, orders);
    let outcomes: TryOutcome[];
    try {
      outcomes = answersTo(orders, await action());
    } catch (error) {
      const reason = isCancellation(error) ? 'cancelled-by-operator' : 'unavailable';
      const cause = reasonOf(error);
      log.warn('A try was given up', { reason, cause });
      outcomes = orders.map(() => ({ kind: 'given-up', reason, cause }));
    }
    this.board.answered(step, orders, outcomes);
    return outcomes;
  }

  /** The second phase is shielded from cancellation: what is decided is carried out. */
  private async decide(orders: PlacedOrder[], verdicts: Verdict[]): Promise<void> {
    if (orders.length === 0) return;
    await CancellationScope.nonCancellable(async () => {
      this.board.asked('decideOrders', orders);
      const decisions = await this.order.decideOrders(verdicts);
      this.board.answered(
        'decideOrders',
        orders,
        decisions.map((kind) => ({ kind })),
      );
      const ofKind = (wanted: (typeof decisions)[number]) => answered(orders, decisions, wanted);
      const lost = ofKind('CANCEL');
      // Without its row an order can be neither completed nor cancelled; an operator is told.
      const missing = ofKind('unknown');
      this.board.mark(
        missing.map((order) => ({ order, why: 'decideOrders, unknown-order' })),
        'broken',
      );
      const reasons = new Map(verdicts.map(({ orderId, reason }) => [orderId, reason]));
      this.board.mark(
        lost.map((order) => ({ order, why: reasons.get(order.orderId) })),
        'giving-back',
      );
      await Promise.all([this.confirm(ofKind('COMPLETE')), this.cancel(lost)]);
    });
  }

  /**
   * An adopted order that is to COMPLETE. The operator's resolution that had it before may have
   * died with the reservations frozen. As the owner we know that no newer one has begun.
   */
  private async resume(orders: PlacedOrder[]): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      const { product, point } = untiringParticipants(this.timing);
      for (const { orderId } of orders) {
        const resolution = await this.order.lastResolution(orderId, workflowInfo().workflowId);
        if (resolution === null || resolution === 0) continue;
        const thaw = [{ orderId, resolution }];
        await Promise.all([product.thawStock(thaw), point.thawPoints(thaw)]);
      }
    });
    await this.decide(orders, orders.map(complete));
  }

  private async confirm(orders: PlacedOrder[]): Promise<void> {
    const { done, broken, failing } = await this.end('confirm', orders);
    if (done.length > 0) await this.order.completeOrders(done.map(({ order }) => order.orderId));
    this.board.mark(done, 'completed');
    await this.leave('confirm', failing);
    if (broken.length === 0) return;
    // No alarm if an operator has changed the decision meanwhile: then it is to be cancelled.
    const now = await this.order.decideOrders(broken.map(({ order }) => complete(order)));
    const cancelled = answered(broken, now, 'CANCEL');
    await this.hold(
      'confirm',
      broken.filter((one) => !cancelled.includes(one)),
    );
    await this.cancel(cancelled.map(({ order }) => order));
  }

  private async cancel(orders: PlacedOrder[]): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      const { done, broken, failing } = await this.end('cancel', orders);
      if (done.length > 0) await this.order.closeOrders(done.map(({ order }) => order.orderId));
      this.board.mark(done, 'cancelled');
      await this.leave('cancel', failing);
      await this.hold('cancel', broken);
    });
  }

  /** The second phase, for orders that are decided; some of them may have to wait. */
  private async end(phase: Phase, orders: PlacedOrder[]) {
    if (orders.length === 0) return byOutcome([]);
    const { stock, points } = phaseSteps[phase];
    if (phase === 'confirm') this.board.mark(asMarked(orders), 'confirming');
    this.board.asked(stock, orders);
    this.board.asked(points, orders);
    const ended = await endReservations(phase, this.timing, orders);
    const answers = (of: 'stock' | 'points') => ended.map((one) => one[of]);
    this.board.answered(stock, orders, answers('stock'));
    this.board.answered(points, orders, answers('points'));
    return byOutcome(ended);
  }

  /** What keeps failing waits, PENDING, for its schedule, and somebody is told. */
  private async leave(phase: Phase, failing: Ended[]): Promise<void> {
    if (failing.length === 0) return;
    await this.order.alertOrders(failing.map((one) => failingOf(phase, one)));
    this.board.mark(failing, phase === 'confirm' ? 'unconfirmed' : 'uncancelled');
  }

  /** A broken step is our own fault: the order waits for an operator. */
  private async hold(phase: Phase | 'try', broken: (Tried | Ended)[]): Promise<void> {
    if (broken.length === 0) return;
    const steps = broken.map((one) => brokenOf(phase, one));
    await CancellationScope.nonCancellable(() => this.order.holdOrders(steps));
    this.board.mark(
      zip(broken, steps).map(([{ order }, { step, code }]) => ({ order, why: `${step}, ${code}` })),
      'broken',
    );
  }
}

/** The decision alone: its effects, the confirms, follow it. */
function complete({ orderId }: PlacedOrder): Verdict {
  return { orderId, decision: 'COMPLETE', effectsFollow: true };
}

/** Stock's refusal is named before points', as in every pattern. */
function verdictOn({ order, stock, points }: Tried, cancelled: boolean): Verdict {
  if (stock.kind === 'done' && points.kind === 'done' && !cancelled) return complete(order);
  const outcomes = [stock, points];
  const refused = outcomes.find((outcome) => outcome.kind === 'rejected');
  const doubtful = outcomes.find((outcome) => outcome.kind === 'given-up');
  const otherwise = cancelled ? 'cancelled-by-operator' : 'unavailable';
  const reason = refused?.code ?? doubtful?.reason ?? otherwise;
  return { orderId: order.orderId, decision: 'CANCEL', reason };
}

function has({ stock, points }: Tried, kind: TryOutcome['kind']): boolean {
  return stock.kind === kind || points.kind === kind;
}

/** Cancelling the workflow cancels its undecided orders, so that none of them is held. */
function isToBeHeld(tried: Tried): boolean {
  return has(tried, 'broken') && !CancellationScope.current().consideredCancelled;
}

/** Those of which this was answered. */
function answered<Item, Answer>(items: Item[], answers: Answer[], wanted: Answer): Item[] {
  return zip(items, answers).flatMap(([item, answer]) => (answer === wanted ? [item] : []));
}

function asMarked(orders: PlacedOrder[]) {
  return orders.map((order) => ({ order }));
}
