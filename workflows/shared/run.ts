import { CancellationScope } from '@temporalio/workflow';
import type { Decision, PlacedOrder } from '../../contracts/order';
import type { StepTiming } from '../../contracts/limits';
import type { BrokenOrder, OrderActivities, Verdict } from '../../contracts/steps';
import type { PlaceOrdersInput } from '../../contracts/workflows';
import { BatchView } from '../ui/batch-view';
import { participantsHere } from './participants';
import { orderSteps } from './steps';
import { zip } from './zip';

/** A decided order, and the reason, if this workflow decided CANCEL. */
interface Decided<T> {
  item: T;
  decision: Decision;
  why: Verdict['reason'];
}

/** One run of a protocol: its orders, its participants, and what an operator sees of it. */
export class Run {
  readonly participants = participantsHere();
  readonly timing: StepTiming;
  readonly order: OrderActivities;
  readonly view: BatchView;

  constructor({ orders, timing, runbooksUrl }: PlaceOrdersInput) {
    this.timing = timing;
    this.order = orderSteps(timing);
    this.view = new BatchView(orders, runbooksUrl);
  }

  /**
   * Writes the verdicts, shielded from cancellation, and answers the decisions: the first writer
   * wins. An order without a row can be neither completed nor cancelled; it raises an alert and is
   * left out.
   */
  async decide<T extends { order: PlacedOrder }>(
    items: readonly T[],
    verdictOf: (item: T) => Verdict,
  ): Promise<Decided<T>[]> {
    const step = 'decideOrders';
    const orders = items.map(({ order }) => order);
    const verdicts = items.map(verdictOf);
    this.view.asked(step, orders);
    const decisions = await CancellationScope.nonCancellable(() =>
      this.order.decideOrders(verdicts),
    );
    this.view.answered(
      step,
      orders,
      decisions.map((kind) => ({ kind })),
    );
    const decided: Decided<T>[] = [];
    const missing: PlacedOrder[] = [];
    for (const [item, [{ reason }, decision]] of zip(items, zip(verdicts, decisions))) {
      if (decision === 'unknown') missing.push(item.order);
      else decided.push({ item, decision, why: reason });
    }
    this.view.mark(
      missing.map((order) => ({ order, why: `${step}, unknown-order` })),
      'broken',
    );
    return decided;
  }

  /** A broken step is a fault of the system: the order waits for an operator. */
  async hold(broken: readonly BrokenOrder[]): Promise<void> {
    if (broken.length === 0) return;
    await CancellationScope.nonCancellable(() => this.order.holdOrders([...broken]));
    this.view.mark(
      broken.map(({ orderId, step, code }) => ({ order: { orderId }, why: `${step}, ${code}` })),
      'broken',
    );
  }
}
