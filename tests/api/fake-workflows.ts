import type { Knex } from 'knex';
import type { StartedWorkflow, StartOrders } from '../../api/placing/send-batch';
import type { FailureCode } from '../../contracts/failures';
import type { PlaceOrdersInput } from '../../contracts/workflows';

export interface FakeWorkflow {
  workflowId: string;
  input: PlaceOrdersInput;
}

/** Drives orders to their end like a real workflow. */
export type Play = (workflow: FakeWorkflow, database: Knex) => Promise<void>;

/** Replaces Temporal and its workers: a start changes the orders' rows. */
export class FakeWorkflows {
  readonly started: FakeWorkflow[] = [];
  /** Sets the end of orders whose workflows start from now on. */
  play: Play = complete;

  private terminate: () => void = () => undefined;
  private terminated = new Promise<void>(() => undefined);

  constructor(private readonly database: Knex) {
    this.reset();
  }

  readonly start: StartOrders = (workflowId, input): Promise<StartedWorkflow> => {
    const workflow = { workflowId, input };
    this.started.push(workflow);
    const closed = Promise.race([this.play(workflow, this.database), this.terminated]);
    return Promise.resolve({ closed });
  };

  /** Ends hanging workflows, which would count as in flight in the next test, and forgets all. */
  reset(): void {
    this.terminate();
    this.terminated = new Promise((resolve) => {
      this.terminate = resolve;
    });
    this.started.length = 0;
    this.play = complete;
  }

  /** Every order of every workflow, in the order of their starts. */
  orderIds(): string[] {
    return this.started.flatMap(({ input }) => input.orders.map(({ orderId }) => orderId));
  }
}

/** All are completed. */
export const complete: Play = async ({ input }, database) => {
  await database('orders')
    .whereIn('order_id', idsOf(input))
    .whereNull('decision')
    .update({ decision: 'COMPLETE', status: 'COMPLETED', ended_at: database.fn.now(6) });
};

/** All are refused. */
export function cancelWith(reason: FailureCode): Play {
  return async ({ input }, database) => {
    await database('orders')
      .whereIn('order_id', idsOf(input))
      .update({ decision: 'CANCEL', status: 'CANCELLED', reason, ended_at: database.fn.now(6) });
  };
}

/** They start and never end. */
export const hang: Play = () => new Promise(() => undefined);

export function idsOf({ orders }: PlaceOrdersInput): string[] {
  return orders.map(({ orderId }) => orderId);
}
