import type { Decision, PlacedOrder } from '../../contracts/order';
import type { StepTiming } from '../../contracts/limits';
import type {
  BrokenOrder,
  FailedCompensation,
  OrderActivities,
  TroubledOrder,
  DecisionRequest,
} from '../../contracts/steps';
import type { PlaceOrdersInput, PlaceOrdersResult } from '../../contracts/workflows';
import { BatchView } from '../ui/batch-view';
import { participantsHere } from './participants';
import { orderSteps, shieldedOrderSteps } from './steps';
import { zip } from './zip';

/** A decided order, and the reason, if this workflow decided CANCEL. */
interface Decided<T> {
  item: T;
  decision: Decision;
}

/** One run of a protocol: its orders, its participants, and what an operator sees of it. */
export class Run {
  readonly participants = participantsHere();
  readonly timing: StepTiming;
  readonly view: BatchView;
  readonly order: OrderActivities;
  /** For what is written of an order even when an operator cancels the workflow. */
  private readonly shielded: OrderActivities;

  constructor({ orders, timing, runbooksUrl }: PlaceOrdersInput) {
    this.timing = timing;
    this.view = new BatchView(orders, runbooksUrl);
    this.order = orderSteps(this);
    this.shielded = shieldedOrderSteps(this);
  }

  /**
   * Writes the verdicts, shielded from cancellation, and answers the decisions: the first writer
   * wins. An order without a row can be neither completed nor cancelled; it raises an alert and is
   * left out.
   */
  async decide<T extends { order: PlacedOrder }>(
    items: readonly T[],
    verdictOf: (item: T) => DecisionRequest,
  ): Promise<Decided<T>[]> {
    const decisions = await this.shielded.decideOrders(items.map(verdictOf));
    return zip(items, decisions).flatMap(([item, decision]) =>
      decision === 'unknown' ? [] : [{ item, decision }],
    );
  }

  /** A broken step is a fault of the system: the order waits for an operator. */
  async hold(broken: readonly BrokenOrder[]): Promise<void> {
    if (broken.length > 0) await this.shielded.holdOrders([...broken]);
  }

  /** Tells an operator of orders that cannot go on by themselves. */
  alert(...troubled: TroubledOrder[]): Promise<void> {
    return this.shielded.alertOrders(troubled);
  }

  /** Ends cancelled orders. One that still owes a compensation waits for the registry instead. */
  async close(orders: readonly PlacedOrder[], failed: FailedCompensation[] = []): Promise<void> {
    if (failed.length > 0) await this.order.registerCompensations(failed);
    const owing = new Set(failed.map(({ orderId }) => orderId));
    const closed = orders.filter(({ orderId }) => !owing.has(orderId));
    if (closed.length > 0) await this.order.closeOrders(closed.map(({ orderId }) => orderId));
    this.view.mark(failed, 'owed');
  }

  end(): PlaceOrdersResult {
    return this.view.end();
  }
}
