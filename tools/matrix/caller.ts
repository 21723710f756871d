import { setTimeout as sleep } from 'node:timers/promises';
import { send, type CellOrder } from './orders';
import type { MatrixStack } from './stack';
import { lieOf, type Answer, type OrderRow, type Told } from './told';
import { until } from './until';

/** The API has said "not now": a good client asks again. */
class NotNow extends Error {}

const insistMsMax = 20_000;
const pauseMs = 200;

/**
 * Everybody who calls about one order: its customer, and operators. Keeps what each was told, with
 * the order's row as it was then.
 */
export class Caller {
  private readonly calls: Told[] = [];
  /** The cell itself has claimed the order, for a workflow of its own. */
  claimedBesides = false;

  constructor(
    private readonly stack: MatrixStack,
    private readonly order: CellOrder,
    private readonly pattern: string,
  ) {}

  /** Places the order and waits for its outcome, once. */
  place(): Promise<Answer> {
    const { orderId } = this.order;
    return this.call('place', `/orders/${orderId}/place`, { pattern: this.pattern });
  }

  cancel(): Promise<Answer> {
    return this.call('cancel', `/orders/${this.order.orderId}/cancel`, {});
  }

  resolve(action: 'cancel' | 'confirm' | 'retry'): Promise<Answer> {
    const body = { action, reason: 'the failure matrix' };
    return this.call('resolve', `/operator/orders/${this.order.orderId}/resolve`, body);
  }

  releaseEvent(eventId: string): Promise<Answer> {
    const path = `/operator/events/${eventId}/release`;
    return this.call('release', path, { reason: 'the failure matrix' });
  }

  /** Calls until there is an answer that is no "not now". */
  async insist(call: () => Promise<Answer>, isOver: () => boolean = () => false): Promise<Answer> {
    const deadline = Date.now() + insistMsMax;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (Date.now() > deadline || isOver()) throw error;
        await sleep(pauseMs);
        await this.lookAgain();
      }
    }
  }

  row(): Promise<OrderRow> {
    return rowOf(this.stack, this.order.orderId);
  }

  /** @throws Error with the first answer that was not true */
  async checkAnswers(): Promise<void> {
    const lie = lieOf(this.calls, await this.row(), this.claimedBesides);
    if (lie !== undefined) throw new Error(`${this.order.orderId}: ${lie}`);
  }

  /** For a test of the tester: puts words into the API's mouth. */
  tell(told: Told): void {
    this.calls.push(told);
  }

  private async call(op: Told['op'], path: string, body: object): Promise<Answer> {
    const { orderId, customerId } = this.order;
    const told: Told = { op, orderId };
    this.calls.push(told);
    const isStaff = op === 'resolve' || op === 'release';
    const subject = isStaff ? ({ role: 'operator' } as const) : { customerId };
    const answer = await send(this.stack, subject, 'POST', path, body);
    told.answer = answer;
    told.row = await this.rowSoon();
    if (answer.httpStatus >= 500) throw new NotNow(`${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** What was refused must not be done later either. */
  private async lookAgain(): Promise<void> {
    const last = this.calls.at(-1);
    if (last?.answer) last.later = await this.rowSoon();
  }

  /** The database may be away while somebody is told so. */
  private async rowSoon(): Promise<OrderRow> {
    let row: OrderRow | undefined;
    await until(`the row of ${this.order.orderId} can be read`, async () => {
      row = await this.row();
      return true;
    });
    if (!row) throw new Error(`${this.order.orderId} has no row`);
    return row;
  }
}

/** The order's row, past the proxies. */
export async function rowOf(stack: MatrixStack, orderId: string): Promise<OrderRow> {
  const row: unknown = await stack.databases
    .order('orders')
    .where('order_id', orderId)
    .first('status', 'reason', 'owner', 'decision');
  return row as OrderRow;
}
